import type { SubscriptionRequest } from "./link-controls.ts";

/**
 * What a conversation and its relays call each other with (docs/rules.md, T1-T6). A relay holds the subscriptions of a
 * large audience. What goes to all of them is one call to each relay; a command of one of them is one call to the
 * conversation, and the answer of that call its reply.
 */

/** Records on their way to every session of the audience, encoded once. */
export interface RelayedFrame {
  /** Records, as on a subscription. */
  frame: Uint8Array;
  /** Undefined if everybody is sent it. */
  narrowed: Narrowed | undefined;
  /** The session that caused it is sent this in its place; undefined for nothing. Stored entries name theirs themselves. */
  author: { origin: number; instead: Uint8Array | undefined } | undefined;
  /** Time (ms) of the newest entry of the log in it; undefined if it has none. */
  upTo: number | undefined;
  /** Time (ms) of the notice in it; undefined if it has none. */
  noticeAt: number | undefined;
  /** It is sent once or not at all (I8). */
  isEphemeral: boolean;
}

/** A frame that is not for everybody. */
export interface Narrowed {
  /** It is for these clients alone, or for all but these. */
  to: "these" | "others";
  clientIds: string[];
  /** What the rest of the audience is sent in its place; undefined for nothing. */
  instead: Uint8Array | undefined;
  /** It is the last that these clients are sent: they are no longer in the audience. */
  isLast: boolean;
  /** It is the first that these clients are sent as the audience: they are in it from here on. */
  isFirst?: boolean;
}

/** Conversation → relay: what is new since the last call. */
export interface RelayBatch {
  /** The registration that the conversation knows the relay by. */
  registration: string;
  frames: RelayedFrame[];
  /** The number of the first frame that the relay lacks after this call. */
  end: number;
  /** Frames before these are lost: the sessions have to subscribe again, each from its own position on. */
  hasGap: boolean;
  entry: RelayEntry;
}

/** How sessions come into the audience, as the conversation has it at the moment. */
export interface RelayEntry {
  /** Whether it is a room: a session is in one at a time. */
  isRoom: boolean;
  /** Whether a relay may let sessions in by itself. Otherwise the conversation is asked about each. */
  isFree: boolean;
  /** When the conversation last changed (ms), as replies state it. */
  updatedAt: number;
}

/** How many a relay serves. */
export interface RelayReport {
  /** Undefined if the relay does not know it any more, because it hibernated. */
  registration: string | undefined;
  /** Subscriptions, in the audience or not. */
  subscriptions: number;
  /** Different clients in the audience. */
  clients: number;
}

/** Some clients of the audience at a relay, and how many it serves. */
export type RelayAudience = Pick<RelayReport, "subscriptions" | "clients"> & { clientIds: string[] };

/** Conversation → relay, when the relay registers: from now on it is sent everything after this. */
export interface RelayRegistered {
  head: number;
  lastNotice: number;
  /** `recent` has every entry after this time (ms), and every notice after the other. */
  recentSince: number;
  noticesSince: number;
  recent: RelayedFrame[];
  entry: RelayEntry;
}

/** A session at a relay, as the conversation acts for it (L8). */
export type RelayedSubscriber = Pick<
  SubscriptionRequest,
  "conversationId" | "clientId" | "sessionId" | "origin" | "mode" | "address" | "isPresent" | "relay"
>;

/** What a command of a session at a relay came to. */
export interface RelayedOutcome {
  /** The reply, and records that go with it. */
  frame: Uint8Array;
  /** Whether the session is in the room now. Undefined if that is said to clients, by frames. */
  isPresent: boolean | undefined;
  /** Frames before this number are sent before it: they are on their way to the relay. Undefined if it has them all. */
  after: number | undefined;
}

/** What a session that opens its subscription at a relay has already. */
export interface RelayedPosition {
  /** The time (ms) after which it lacks entries; undefined if it has none since its login. */
  since: number | undefined;
  /** Whether a wake named `since`. */
  isSinceWake?: boolean;
  /** The same for notices (ms). */
  noticesAfter: number;
  /** When its login was admitted (ms). */
  admittedAt: number;
}

/** The log is too long to be replayed to a session. */
export type TooFarBehind = "too far behind";

/** Entries and notices for one session that opens its subscription at a relay, further back than the relay knows. */
export interface RelayedReplay {
  frame: Uint8Array | undefined;
  head: number;
  lastNotice: number;
  /** The time (ms) after which the replay begins. */
  since: number;
}
