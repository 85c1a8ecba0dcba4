import type { Epoch, SyncMode } from "../protocol/link-controls.ts";
import type { ClientEvent, UnreadRequest } from "./client-event.ts";
import type { InFlightWindow } from "./in-flight.ts";
import type { RecentEphemeral } from "./recent-ephemeral.ts";

/** The conversation's end of a subscription: a hibernatable WebSocket. */
export interface SubscriptionPort {
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Stores the subscription's identity in the socket's attachment, where it survives hibernation. */
  save(identity: SubscriptionIdentity): void;
}

/** The part of a subscription that survives hibernation, and the client it belongs to (L8). */
export interface SubscriptionIdentity {
  number: number;
  clientId: string;
  sessionId: string;
  origin: number;
  mode: SyncMode;
  /** Address of the device. No rule depends on it. */
  address: string | undefined;
  /** Timestamp of the newest message the device acknowledged; storage may not have it yet. */
  acknowledged: number;
  epoch: Epoch;
  /**
   * The client gets every entry after this through subscriptions alone; the first of them began at `startedAt` (ms).
   */
  since: number;
  startedAt: number;
  /** Messages that were relayed shortly before and may still be on their way to one of the client's devices. */
  inFlight: InFlightWindow | undefined;
}

export interface Subscription extends SubscriptionIdentity {
  port: SubscriptionPort;
}

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

export interface Replay {
  frame: Uint8Array;
  upTo: number;
  /** Whether the limit cut the replay short. */
  more: boolean;
}

/** The way in which one client is served now. */
export type ClientDelivery =
  | ({
      state: "subscribed";
      subscriptions: Subscription[];
      joining: JoiningSession | undefined;
      recent: RecentEphemeral;
    } & SubscribedSpan)
  /** A subscription was requested: no new call to the relay begins, and the call in flight finishes first (L2). */
  | { state: "subscribing"; since: number; events: ClientEvent[]; ready: Promise<void> }
  /**
   * Subscriptions are being evicted (L4): nothing is sent to the client until all of them are closed, so that order is
   * kept.
   */
  | {
      state: "unsubscribing";
      subscriptions: Subscription[];
      since: number;
      events: ClientEvent[];
      done: Promise<void>;
      finish: () => void;
    }
  | UnsubscribedDelivery;

/** A session that logged in at `at` (ms), has everything up to `since`, and is about to subscribe. */
export interface JoiningSession {
  since: number;
  at: number;
}

export type SubscribedSpan = Pick<SubscriptionIdentity, "epoch" | "since" | "startedAt">;

export interface UnsubscribedDelivery {
  state: "unsubscribed";
  /** Stored messages after this are still to be relayed; undefined if there are none. */
  after: number | undefined;
  events: ClientEvent[];
  call: { settled: Promise<void>; outdated: boolean } | undefined;
  failures: number;
  /**
   * No device was online at the last call, but one may come back until this time (ms). Then the delivery is tried
   * again.
   */
  unknownUntil: number | undefined;
}

/** A subscription promised by `reserve`, to be opened by `accept` without an await in between. */
export interface Reservation extends SubscribedSpan {
  /** The subscription's replay starts after this time. */
  replayAfter: number;
  events: ClientEvent[];
}
