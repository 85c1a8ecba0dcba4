import type { Epoch, SyncMode } from "../protocol/link-controls.ts";

/** The conversation's end of a subscription: a socket that hibernates. */
export interface SubscriptionPort {
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Puts what the subscription is into its attachment, where it outlives the object's sleep. */
  keep(identity: SubscriptionIdentity): void;
}

/** What a subscription keeps across sleep, and who speaks over it (L8). */
export interface SubscriptionIdentity {
  number: number;
  clientId: string;
  sessionId: string;
  origin: number;
  mode: SyncMode;
  /** Of its device; nothing is decided by it. */
  address: string | undefined;
  /** The newest message its device acknowledged, where storage may not know it yet. */
  acknowledged: number;
  epoch: Epoch;
  /** Everything after this reaches the client by subscriptions alone, which began at `startedAt` (ms). */
  since: number;
  startedAt: number;
  /** What the relay brought just before, and may still be on its way to a device of his. */
  inFlight: InFlightWindow | undefined;
}

/** Cold messages after `after`, the last of them handed over at `lastAt` (ms). */
export interface InFlightWindow {
  after: number;
  lastAt: number;
}

export interface Subscription extends SubscriptionIdentity {
  port: SubscriptionPort;
}

/**
 * Something for a client that is not in the log. What is `ephemeral` is for those who are there now, and is never
 * told again (I7, I8). An unread count is held as the wish for one: it is right only for what was handed over
 * before it. A `recount` is for those who may not have heard of a read: nothing for who logged in after it.
 */
export type ClientEvent = Uint8Array | { ephemeral: Uint8Array } | UnreadRequest;
export type UnreadRequest = "unread" | "recount";

/** Notices kept under a time between these (ms), both left out. */
export interface NoticeRange {
  after: number;
  before?: number;
  /** They were told at the time, and sessions that began since are not to hear of them. */
  again: boolean;
}

/** Entries of the log, and notices, after these times (ms): members without a subscription may not have been told. */
export interface Owed {
  log: number;
  notices: number;
}

/**
 * Whether anybody of a client was there for a delivery. In between, his devices have so many milliseconds more to come
 * back, and until then nobody can say.
 */
export type RelayOutcome = "online" | "offline" | { within: number };

/** What delivery needs of the conversation around it. */
export interface DeliveryHost {
  now(): number;
  /** Time of the log's newest entry. */
  head(): number;
  members(): Iterable<string>;
  isMember(clientId: string): boolean;
  /** Clients removed after a time. */
  leftAfter(time: number): string[];
  isAway(clientId: string): boolean;
  setAway(clientId: string, away: boolean): void;
  /** What a client may see of the log after a time, as one frame of records; undefined if there is nothing. */
  replay(clientId: string, after: number, limit: number): Replay | undefined;
  /** What a client was to be told of in a time, beside messages: records that a session takes once. */
  notices(clientId: string, wanted: NoticeRange): Uint8Array[];
  /** When a member's read cursor last moved (ms); 0 for others. */
  readCursorMovedAt(clientId: string): number;
  /** The record of a member's unread count as it is now; undefined for others. */
  unread(clientId: string, count: UnreadRequest): Uint8Array | undefined;
  /** Durably notes that members without a subscription are pending what follows; `clearPending` takes it back. */
  markPending(since: number): void;
  clearPending(): void;
  /** Hands a frame to the client's object; whether anybody was online there. Rejects at its deadline. */
  relay(clientId: string, frame: Uint8Array): Promise<RelayOutcome>;
  /** Calls `retry` after this many milliseconds, even if the object sleeps or dies meanwhile. */
  retryAfter(delay: number): void;
  /** Calls back once, after this many milliseconds, if the object still lives; returns how to call it off. */
  timer(delay: number, run: () => void): () => void;
}

export interface Replay {
  frame: Uint8Array;
  upTo: number;
  /** Whether the limit cut it short. */
  more: boolean;
}

/**
 * How one client is served now. No client: nothing is on its way to him; a member is then unsubscribed and idle, or away.
 */
export type ClientDelivery =
  | ({
      state: "subscribed";
      subscriptions: Subscription[];
      joining: JoiningSession | undefined;
      recent: RecentEphemeral[];
    } & SubscribedSpan)
  /** A subscription was asked for; nothing more enters the relay, and what is in it finishes first (L2). */
  | { state: "subscribing"; since: number; events: ClientEvent[]; ready: Promise<void> }
  /** Links give way (L4): nobody is served until all of them are closed, so that order is kept. */
  | {
      state: "unsubscribing";
      subscriptions: Subscription[];
      since: number;
      events: ClientEvent[];
      done: Promise<void>;
      finish: () => void;
    }
  | UnsubscribedDelivery;

/** Something ephemeral that went over subscriptions at `at` (ms), for sessions that were online then and on their way here. */
export interface RecentEphemeral {
  record: Uint8Array;
  at: number;
  /** Who has got it. */
  sessions: Set<string>;
}

/** A session that logged in at `at` (ms), knows everything up to `since`, and is on its way to be subscribed. */
export interface JoiningSession {
  since: number;
  at: number;
}

export type SubscribedSpan = Pick<SubscriptionIdentity, "epoch" | "since" | "startedAt">;

export interface UnsubscribedDelivery {
  state: "unsubscribed";
  /** Stored messages after this are still to be handed over; undefined when none are. */
  after: number | undefined;
  events: ClientEvent[];
  call: { settled: Promise<void>; overtaken: boolean } | undefined;
  failures: number;
  /** Nobody was there, but devices may come back until then (ms): then it is tried again what is here. */
  undecidedUntil: number | undefined;
}

/** What was asked for with `ask`, to be opened with `open` in the same turn. */
export interface Reservation extends SubscribedSpan {
  /** Where this subscription's replay starts. */
  replayAfter: number;
  events: ClientEvent[];
}
