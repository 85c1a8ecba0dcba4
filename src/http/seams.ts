import type { Env } from "../env.ts";
import type { AppEvent } from "../hooks/events.ts";
import type { HistoryPoint } from "../protocol/commands.ts";
import type { HistoryMessage } from "../protocol/replies.ts";

/**
 * What routes ask of parts of the service that are no objects. Each is to be replaced by one line that exports it
 * from where it is made; until then it fails as a database that is down would.
 */

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

const notHere = (what: string) => Promise.reject(new Error(`${what} is not there yet`));

export const messagesSentBy = (
  _db: D1Database,
  _clientId: string,
  _request: ArchiveRequest,
): Promise<ArchivedMessage[]> => notHere("history by sender");

export const messagesOfApp = (_db: D1Database, _request: ArchiveRequest): Promise<ArchivedMessage[]> =>
  notHere("history of the app");

/** Newest first. */
export const findEvents = (
  _db: D1Database,
  _filter: EventFilter,
): Promise<{ events: AppEvent[]; cursor: string | undefined }> => notHere("the event log");

export const saveBans = (_db: D1Database, _bans: Ban[]): Promise<void> => notHere("the list of bans");
export const removeBans = (_db: D1Database, _clientIds: string[]): Promise<void> =>
  notHere("the list of bans");

/** In the order of client ids, after the last of the page before. */
export const listBans = (
  _db: D1Database,
  _page: { after: string | undefined; limit: number },
): Promise<Ban[]> => notHere("the list of bans");

/** Whether a client may read the history of a conversation by this signature (http-api §13, both orders). */
export const verifyHistorySignature = (_asked: {
  appId: string;
  masterKey: string;
  clientId: string;
  conversationId: string;
  signature: { signature: string; timestamp: number; nonce: string };
  now: number;
}): Promise<boolean> => Promise.resolve(false);

/** The signature a client logs in with, hex. */
export const signLogin = (_login: {
  appId: string;
  masterKey: string;
  clientId: string;
  timestamp: number;
  nonce: string;
}): Promise<string> => notHere("signing logins");

export const signIn = (_env: Env, _sessionToken: string): Promise<SignIn> => Promise.resolve(undefined);
