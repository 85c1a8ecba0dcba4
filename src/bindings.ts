import type { AppStub } from "./app/app-stub.ts";
import type { ClientStub } from "./client/client-stub.ts";
import type { ConversationStub } from "./conversation/conversation-stub.ts";
import type { QueuedEvent } from "./model/app-events.ts";
import type { Objects } from "./model/objects.ts";
import type { PushStub } from "./push/push-stub.ts";
import type { PushWork } from "./push/work.ts";
import type { QueueStub } from "./queue/queue-stub.ts";

/** What wrangler.toml and the secrets give the Worker and both object classes. */
export interface Env {
  /** The one app this deployment serves. */
  APP_ID: string;
  /** Secret: lets an app's clients call the HTTP API. */
  APP_KEY: string;
  /** Secret: full rights over HTTP, and the key under session tokens and signatures. */
  MASTER_KEY: string;
  /** "1" turns editing and recalling on by default (`npm start -- --demo`). */
  DEMO?: string;
  CLIENTS: Objects<ClientStub>;
  CONVERSATIONS: Objects<ConversationStub>;
  /** One object, named `app`. */
  APP: Objects<AppStub>;
  DB: D1Database;
  /** What happened, for hooks, webhooks and the event log. Sent as "v8": JSON would spoil binary content. */
  EVENTS: Queue<QueuedEvent>;
  /** In place of it on one's own box: one object, named `events`. */
  EVENT_QUEUE: Objects<QueueStub<QueuedEvent>>;
  /** What is to be pushed to devices. */
  PUSHES: Queue<PushWork>;
  /** In place of it on one's own box: an object for each provider, and one named `selections`. */
  PUSH_QUEUE: Objects<QueueStub<PushWork>>;
  /** One object, named `push`. */
  PUSH: Objects<PushStub>;
  /** `loopback` in tests alone, which play push services on this machine; no setting reaches it. */
  TEST_PUSH_SERVICES?: string;
  /** "1" under `npm start`. */
  OWN_BOX?: string;
  /** On one's own box: how many proxies of the owner's stand before it, as a number in text. */
  PROXIES?: string;
  /** "1" on one's own box where only this machine can connect. */
  LOOPBACK?: string;
  /** On one's own box: calls that cannot leave for a private network, whatever a name resolves to. */
  PUBLIC_NETWORK?: Fetcher;
  /** On one's own box, whose runtime speaks no HTTP/2: calls to Apple. */
  HTTP2?: Fetcher;
  /** On one's own box: how the process around the runtime is, as JSON. */
  HOST?: Fetcher;
}
