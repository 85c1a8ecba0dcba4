import type { Objects } from "../model/objects.ts";

/** The one object with the state of the app as a whole. */
export function appOf(env: { APP: Objects<AppStub> }): AppStub {
  return env.APP.getByName("app");
}

/** A client went online or offline. */
export interface PresenceChange {
  clientId: string;
  online: boolean;
}

/** Clients by the beginning of their ids. */
export interface PresenceSearch {
  prefix: string;
  /** The last client of the page before; empty for the first page. */
  after: string;
  /** Also those that are offline now, but were online on this UTC day. */
  today: boolean;
  limit: number;
}

/** The calls that the rest of the service may make to the AppObject. */
export interface AppStub {
  /**
   * Takes from a quota, or returns after how many seconds there is more (L-10). With a limit per day as well, one is
   * taken at a time (L-11, L-12).
   */
  spend(
    quota: string,
    perMinute: number,
    count?: number,
    perDay?: number,
  ): Promise<{ retryAfter: number } | undefined>;
  /** Records which clients went online or offline: at most `PRESENCE_AT_ONCE`, each once. */
  presenceChanged(changes: PresenceChange[]): Promise<void>;
  /** Those of some clients that are online, as far as their objects have reported: a report may be late. */
  onlineAmong(clientIds: string[]): Promise<string[]>;
  /** A page of the clients that are online, in the order of their ids, after one of them. */
  onlineAfter(clientId: string, limit: number): Promise<string[]>;
  /** A page of the clients that are online, or were today, in the order of their ids. */
  findClients(search: PresenceSearch): Promise<string[]>;
  /** The number of clients that are online now, and of those that were today (UTC). */
  presence(): Promise<{ online: number; today: number }>;
  /** A conversation could not copy its messages from after a time (ms) to D1. */
  archiveBehind(conversationId: string, since: number): Promise<void>;
  archiveCaughtUp(conversationId: string): Promise<void>;
  /** Those of some conversations that are behind, or that are not in D1 at all. */
  archiveBehindAmong(conversationIds: string[]): Promise<string[]>;
  /** The time (ms) up to which D1 has all messages. */
  archivedUntil(): Promise<number>;
  /** The settings as last stored in D1, for when D1 does not answer: no client may log in because of that. */
  keepSettings(overrides: string): Promise<void>;
  keptSettings(): Promise<string | undefined>;
}
