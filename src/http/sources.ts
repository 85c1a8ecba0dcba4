import type { Env } from "../env.ts";
import type { AfterEventName } from "../hooks/names.ts";
import type { HistoryPoint, Signature } from "../protocol/commands.ts";
import type { JsonObject } from "../protocol/json.ts";
import type { HistoryMessage } from "../protocol/replies.ts";

/** A place in history is where D1 has it; the bounds are those of http-api §3. */
export interface ArchiveRequest {
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  /** Oldest first. */
  reversed: boolean;
  limit: number;
}

/** A stored message as the app's server gets it. */
export type ServedMessage = HistoryMessage & {
  /** Whom a hook narrowed it to; undefined for everybody. */
  recipients?: string[];
  /** Of the sender's device. */
  address?: string;
};

export type ArchivedMessage = ServedMessage & { conversationId: string };

/** An event as the log has it. */
export interface LoggedEvent {
  /** Milliseconds. */
  at: number;
  id: string;
  name: AfterEventName;
  clientId: string | undefined;
  conversationId: string | undefined;
  messageId: string | undefined;
  detail: JsonObject;
}

/** Where an event stands in the log. */
export type EventPlace = Pick<LoggedEvent, "at" | "id">;

export interface EventFilter {
  name: AfterEventName | undefined;
  clientId: string | undefined;
  conversationId: string | undefined;
  messageId: string | undefined;
  /** Milliseconds; `from` is included, `until` is not. */
  from: number | undefined;
  until: number | undefined;
  /** Only older ones: `next` of the page before. */
  before: EventPlace | undefined;
  limit: number;
}

export interface Ban {
  clientId: string;
  reason: string;
  /** Milliseconds. */
  at: number;
}

/** What the app's server says of a session token of its own accounts (H-10). */
export type SignAnswer = { allowed: true; clientId: string } | { allowed: false; error: string };

/** What routes ask of parts of the service that are no objects. All may reject. */
export interface Sources {
  messagesSentBy(db: D1Database, clientId: string, request: ArchiveRequest): Promise<ArchivedMessage[]>;
  messagesOfApp(db: D1Database, request: ArchiveRequest): Promise<ArchivedMessage[]>;
  /** Newest first. A page may hold fewer than asked for while there are more. */
  findEvents(
    db: D1Database,
    filter: EventFilter,
  ): Promise<{ events: LoggedEvent[]; next: EventPlace | undefined }>;
  saveBan(db: D1Database, ban: Ban): Promise<void>;
  removeBan(db: D1Database, clientId: string): Promise<void>;
  /** In the order of client ids, after the last of the page before. */
  listBans(db: D1Database, page: { after: string | undefined; limit: number }): Promise<Ban[]>;
  /** Whether a client may read the history of a conversation by this signature (http-api §13, both orders). */
  isSignatureValid(check: {
    appId: string;
    masterKey: string;
    clientId: string;
    permission: { action: "history"; conversationId: string };
    signature: Signature;
    now: number;
  }): Promise<boolean>;
  /** The signature a client logs in with, hex. */
  signLogin(login: {
    appId: string;
    masterKey: string;
    clientId: string;
    timestamp: number;
    nonce: string;
  }): Promise<string>;
  /** Undefined where nobody answers for such accounts. The client id is one. */
  aboutSignIn(env: Env, sessionToken: string): Promise<SignAnswer | undefined>;
}

const notHere = () => Promise.reject(new Error("this part is not there yet"));

/** Until a part is there, it fails as a database that is down would. */
export const sources: Sources = {
  messagesSentBy: notHere,
  messagesOfApp: notHere,
  findEvents: notHere,
  saveBan: notHere,
  removeBan: notHere,
  listBans: notHere,
  isSignatureValid: async () => false,
  signLogin: notHere,
  aboutSignIn: async () => undefined,
};
