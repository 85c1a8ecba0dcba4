import type { UnreadRequest } from "./client-event.ts";

/** A range of notice times (ms), both ends exclusive. */
export interface NoticeRange {
  after: number;
  before?: number;
  /** The notices were sent before; sessions that began since must ignore them. */
  isRepeated: boolean;
}

/** Entries of the log, and notices, after these times (ms) may not have reached members without a subscription. */
export interface PendingSince {
  log: number;
  notices: number;
}

/**
 * Whether a client was online for a delivery. `within` means that its devices have this many milliseconds left to come
 * back, so the answer is not known yet.
 */
export type RelayOutcome = "online" | "offline" | { within: number };

export interface Replay {
  frame: Uint8Array;
  upTo: number;
  /** Whether the limit cut the replay short. */
  more: boolean;
}

/** What delivery needs from the conversation around it. */
export interface DeliveryHost {
  now(): number;
  /** Time of the log's newest entry. */
  head(): number;
  members(): Iterable<string>;
  isMember(clientId: string): boolean;
  /** Clients that were removed after a time. */
  leftAfter(time: number): string[];
  isAway(clientId: string): boolean;
  setAway(clientId: string, away: boolean): void;
  /** The entries after a time that the client may see, as one frame of records; undefined if there are none. */
  replay(clientId: string, after: number, limit: number): Replay | undefined;
  /** Records of the notices for a client in a range. A session takes each of them once. */
  notices(clientId: string, range: NoticeRange): Uint8Array[];
  /** When a member's read cursor last moved (ms); 0 for others. */
  readCursorMovedAt(clientId: string): number;
  /** The record of a member's current unread count; undefined for others. */
  unread(clientId: string, count: UnreadRequest): Uint8Array | undefined;
  /** Stores that deliveries after `since` are pending for members without a subscription; `clearPending` undoes it. */
  markPending(since: number): void;
  clearPending(): void;
  /** Hands a frame to the client's object and returns whether the client was online. Rejects at its deadline. */
  relay(clientId: string, frame: Uint8Array): Promise<RelayOutcome>;
  /** Calls `resumePending` after this many milliseconds, even if the object hibernates or dies before. */
  retryAfter(delay: number): void;
  /** Calls `run` once after this many milliseconds if the object still lives; returns a function that cancels it. */
  timer(delay: number, run: () => void): () => void;
}
