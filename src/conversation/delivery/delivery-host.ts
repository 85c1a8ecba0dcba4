import type { Wake, WakeAnswer } from "./wake.ts";

/** Entries of the log, and notices, after these times (ms) may not have reached members without a subscription. */
export interface PendingSince {
  log: number;
  notices: number;
}

/** What delivery needs from the conversation around it. */
export interface DeliveryHost {
  now(): number;
  /** Time of the log's newest entry. */
  end(): number;
  members(): Iterable<string>;
  isMember(clientId: string): boolean;
  /** Clients that were removed after a time. */
  leftAfter(time: number): string[];
  isAway(clientId: string): boolean;
  setAway(clientId: string, away: boolean): void;
  /** The entries after a time that the client may see, as one frame of records; undefined if there are none. */
  replay(clientId: string, after: number): Uint8Array | "too far behind" | undefined;
  /** Time of the newest notice. */
  lastNotice(): number;
  /** Records of the notices for a client after a time. A session takes each of them once. */
  notices(clientId: string, after: number): Uint8Array[];
  /** Time of the log's newest entry at or before a time. */
  endAt(time: number): number;
  /** When a member's read cursor last moved (ms); 0 for others. */
  readCursorMovedAt(clientId: string): number;
  /** Whether a member has unread messages up to a time. */
  hasUnread(clientId: string, upTo: number): boolean;
  /** The record of a member's current unread count, which changed at this time (ms); undefined for others. */
  unread(clientId: string, changedAt: number): Uint8Array | undefined;
  /** Stores that deliveries after `since` are pending for members without a subscription; `clearPending` undoes it. */
  markPending(since: number): void;
  clearPending(): void;
  /** Wakes the sessions of a client that have no subscription. Rejects at its deadline. */
  wake(clientId: string, wake: Wake): Promise<WakeAnswer>;
  /** Calls `resumePending` after this many milliseconds, even if the object hibernates or dies before. */
  retryAfter(delay: number): void;
}
