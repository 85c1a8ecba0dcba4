import type { MissedNotices as ClientNotices, NoticesRefused } from "./client/missed-notices.ts";
import type { CatchUp, CatchUpRequest } from "./conversation/conversation.ts";
import type { Described, MissedNotices, Started } from "./conversation/conversation-object.ts";
import type { Will } from "./conversation/messages.ts";
import type { ConversationRecord } from "./history/records.ts";

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
  DB: D1Database;
}

/** A namespace of objects, each found by its name. */
export interface Objects<Stub> {
  getByName(name: string): Stub;
}

/**
 * What the rest of the service may ask of a ClientObject. Written out, since the platform's derived stub types
 * cannot follow a recursive type such as JSON.
 */
export interface ClientStub {
  fetch(request: Request): Promise<Response>;
  deliver(conversationId: string, frame: Uint8Array): Promise<boolean>;
  isOnline(): Promise<boolean>;
  goAway(): Promise<number>;
  missedNotices(clientId: string, token: string, after: number): Promise<ClientNotices | NoticesRefused>;
}

/** What the rest of the service may ask of a ConversationObject. */
export interface ConversationStub {
  fetch(request: Request): Promise<Response>;
  start(record: ConversationRecord): Promise<Started>;
  describe(): Promise<Described | undefined>;
  isMember(clientId: string): Promise<boolean>;
  catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(clientId: string, after: number): Promise<MissedNotices>;
  will(from: string, will: Will): Promise<void>;
}
