import type { Env } from "../env.ts";
import type { AppEvent } from "../hooks/events.ts";
import type { HistoryPoint, Signature } from "../protocol/commands.ts";
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

export interface EventFilter {
  name: string | undefined;
  clientId: string | undefined;
  conversationId: string | undefined;
  messageId: string | undefined;
  /** Milliseconds; `from` is included, `until` is not. */
  from: number | undefined;
  until: number | undefined;
  /** Where the page before ended. */
  cursor: string | undefined;
  limit: number;
}

export interface Ban {
  clientId: string;
  reason: string;
  /** Milliseconds. */
  at: number;
}

/** What the hook `_rtmClientSign` made of a session token; undefined where there is no such hook (H-10). */
export type SignIn = { allowed: true; clientId: string } | { allowed: false; error: string } | undefined;

/** What routes ask of parts of the service that are no objects. All may reject. */
export interface Sources {
  messagesSentBy(db: D1Database, clientId: string, request: ArchiveRequest): Promise<ArchivedMessage[]>;
  messagesOfApp(db: D1Database, request: ArchiveRequest): Promise<ArchivedMessage[]>;
  /** Newest first. */
  findEvents(
    db: D1Database,
    filter: EventFilter,
  ): Promise<{ events: AppEvent[]; cursor: string | undefined }>;
  saveBans(db: D1Database, bans: Ban[]): Promise<void>;
  removeBans(db: D1Database, clientIds: string[]): Promise<void>;
  /** In the order of client ids, after the last of the page before. */
  listBans(db: D1Database, page: { after: string | undefined; limit: number }): Promise<Ban[]>;
  /** Whether a client may read the history of a conversation by this signature (http-api §13, both orders). */
  verifyHistorySignature(asked: {
    appId: string;
    masterKey: string;
    clientId: string;
    conversationId: string;
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
  signIn(env: Env, sessionToken: string): Promise<SignIn>;
}

const notHere = () => Promise.reject(new Error("this part is not there yet"));

/** Until a part is there, it fails as a database that is down would. */
export const sources: Sources = {
  messagesSentBy: notHere,
  messagesOfApp: notHere,
  findEvents: notHere,
  saveBans: notHere,
  removeBans: notHere,
  listBans: notHere,
  verifyHistorySignature: async () => false,
  signLogin: notHere,
  signIn: async () => undefined,
};
