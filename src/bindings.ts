import type { AppStub } from "./app/app-stub.ts";
import type { ClientStub } from "./client/client-stub.ts";
import type { ConversationStub } from "./conversation/conversation-stub.ts";
import type { MetricsStub } from "./metrics/metrics-stub.ts";
import type { QueuedEvent } from "./model/app-events.ts";
import type { Deployment } from "./model/deployment.ts";
import type { Objects } from "./model/objects.ts";
import type { PushStub } from "./push/push-stub.ts";
import type { PushWork } from "./push/push-work.ts";
import type { QueueStub } from "./queue/queue-stub.ts";
import type { RelayStub } from "./relay/relay-stub.ts";

/** What wrangler.toml and the secrets give the Worker and its objects. */
export interface Env extends Deployment {
  CLIENTS: Objects<ClientStub>;
  CONVERSATIONS: Objects<ConversationStub>;
  /** The relays of conversations with a large audience, by `relayName`. */
  RELAYS: Objects<RelayStub>;
  /** The shards of the app's state, by `shardName`. */
  APP: Objects<AppStub>;
  /** One object, named `metrics`. */
  METRICS: Objects<MetricsStub>;
  /** Events, for hooks, webhooks and the event log. Sent as "v8": JSON would spoil binary content. */
  EVENTS: Queue<QueuedEvent>;
  /** In its place on a self-hosted server: one object, named `events`. */
  EVENT_QUEUE: Objects<QueueStub<QueuedEvent>>;
  /** Notifications for devices. */
  PUSHES: Queue<PushWork>;
  /** In its place on a self-hosted server: an object for each provider, and one named `selections`. */
  PUSH_QUEUE: Objects<QueueStub<PushWork>>;
  /** One object, named `push`, and one for the tokens of each provider (`providerTokensOf`). */
  PUSH: Objects<PushStub>;
}
