import type { RegisteredClient } from "../database/conversations/memberships.ts";
import type { SharedSettings } from "./shared-settings.ts";

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

export interface PresenceCounts {
  /** Clients that are online now. */
  online: number;
  /** Clients that were online at any time of this UTC day. */
  today: number;
}

/** Rows on their way to the shard that they belong to since the number of shards changed. */
export interface MovedRows {
  presence: { clientId: string; online: 0 | 1; day: number }[];
  behind: { conversationId: string; since: number }[];
}

/** The calls of one shard of the app's state. The rest of the service calls them by `App`. */
export interface AppStub extends Resharded {
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
  /**
   * Registers the first login of a client in D1, together with others that come at the same moment: when an app moves in,
   * all of its clients log in for the first time. Fails if D1 fails.
   */
  registerClient(clientId: string): Promise<RegisteredClient>;
  /** Those of some clients that are online, as far as their objects have reported: a report may be late. */
  onlineAmong(clientIds: string[]): Promise<string[]>;
  /** A page of the clients that are online, in the order of their ids, after one of them. */
  onlineAfter(clientId: string, limit: number): Promise<string[]>;
  /** A page of the clients that are online, or were today, in the order of their ids. */
  findClients(search: PresenceSearch): Promise<string[]>;
  presence(): Promise<PresenceCounts>;
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
  /** What D1 said of the settings a moment ago, for isolates that start; undefined if it does not answer. */
  currentSettings(): Promise<SharedSettings | undefined>;
}

/** What the shards say to each other when their number has changed. */
interface Resharded {
  /** Hands some rows to the shards that they belong to. Resolves to whether there may be more. */
  handOver(shards: number): Promise<boolean>;
  takeOver(rows: MovedRows): Promise<void>;
  /** Every shard has handed over what is not its own. */
  settle(shards: number): Promise<void>;
  /** Whether that is so for this number of shards. */
  isSettled(shards: number): Promise<boolean>;
}
