import type { ClientObject } from "./client/client-object.ts";
import type { ConversationObject } from "./conversation/conversation-object.ts";

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
  CLIENTS: DurableObjectNamespace<ClientObject>;
  CONVERSATIONS: DurableObjectNamespace<ConversationObject>;
  DB: D1Database;
}
