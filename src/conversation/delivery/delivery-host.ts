import type { RelayedSubscriber } from "../../protocol/relay-calls.ts";
import type { RelaysHost } from "./relays.ts";
import type { Wake, WakeAnswer } from "./wake.ts";

/** Entries of the log, and notices, after these times (ms) may not have reached members without a subscription. */
export interface PendingSince {
  log: number;
  notices: number;
}

/** The clients of a conversation, as delivery serves them. */
export interface ClientsToServe {
  /** Whether the conversation has a list of members. If not, those who are present hear what goes to all. */
  hasMembers: boolean;
  members(): Iterable<string>;
  /** Whether a session that subscribes hears what goes to everybody; `isPresent` is its wish. */
  isPresent(session: Pick<RelayedSubscriber, "clientId" | "isPresent">): boolean;
  /** Clients beside the members that entries after a time are for. */
  lacking(after: number): Iterable<string>;
  /** Whether there are entries after a time that are for a client. */
  lacksAfter(clientId: string, time: number): boolean;
  /** Clients that were removed after a time. */
  leftAfter(time: number): string[];
  isAway(clientId: string): boolean;
  setAway(clientId: string, away: boolean): void;
  /** The entries after a time that the client may see, as one frame of records; undefined if there are none. */
  replay(clientId: string, after: number): Uint8Array | "too far behind" | undefined;
  /** Records of the notices for a client after a time. A session takes each of them once. */
  notices(clientId: string, after: number): Uint8Array[];
  /** When a client's read cursor last moved (ms); 0 if it has none. */
  readCursorMovedAt(clientId: string): number;
  /** Whether a client has unread messages up to a time. */
  hasUnread(clientId: string, upTo: number): boolean;
  /** The record of a client's current unread count, which changed at this time (ms); undefined if it has none. */
  unread(clientId: string, changedAt: number): Uint8Array | undefined;
}

/** What delivery needs from the conversation around it. */
export interface DeliveryHost extends ClientsToServe {
  now(): number;
  relays: Omit<RelaysHost, "settled">;
  /** Time of the log's newest entry. */
  end(): number;
  /** Time of the newest notice. */
  lastNotice(): number;
  /** Time of the log's newest entry at or before a time. */
  endAt(time: number): number;
  /** Stores that deliveries after `since` are pending for clients without a subscription; `clearPending` undoes it. */
  markPending(since: number): void;
  clearPending(): void;
  /** Wakes the sessions of a client that have no subscription. Rejects at its deadline. */
  wake(clientId: string, wake: Wake): Promise<WakeAnswer>;
  /** Calls `resumePending` after this many milliseconds, even if the object hibernates or dies before. */
  retryAfter(delay: number): void;
}
