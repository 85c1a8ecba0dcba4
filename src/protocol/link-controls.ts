import type { UnexpiredBroadcasts } from "../model/unexpired-broadcasts.ts";
import type { ErrorName } from "./errors.ts";
import type { SeenVersion } from "./seen-version.ts";

/**
 * The control messages of the rules L1-L8 (docs/rules.md): what gateway and objects send each other beside the
 * frames of clients. Towards the gateway they are control records, towards an object they are text.
 */

/** A report of the ids of a client's open sessions. Of two, the one with the later `asOf` counts (ms, by its object). */
export interface OpenSessions {
  ids: string[];
  asOf: number;
}

/** A request for a subscription, in the name of the client that the ClientObject has logged in (L8). */
export interface SubscriptionRequest {
  conversationId: string;
  clientId: string;
  sessionId: string;
  /** Identifies what this session sends, on all its links, so that it skips its own copies (`newOrigin`). */
  origin: number;
  /** The position after which the log is replayed; undefined if the session has seen nothing of the conversation. */
  since: number | undefined;
  /** Whether a wake named `since`: the session has no position of its own, and may not know what was unread before. */
  isSinceWake?: boolean;
  /** The same for notices. */
  noticesAfter: number | undefined;
  /** The client's open sessions, if its object has just reported them. */
  sessions: OpenSessions | undefined;
  /** When the session logged in (ms), by its client's object. The session does not receive what is older. */
  admittedAt: number;
  mode: CatchUpMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
  /** The session wants to be in the audience, as it was before: one of those present in a room. */
  isPresent: boolean;
  /** The relay that is dialled; undefined for the conversation itself. */
  relay: number | undefined;
}

/**
 * What a session is sent of what it missed (Y-01), by its sub-protocol. The values are older than their names: they
 * stay, since objects of the version before and after a deployment may exchange them.
 */
export const catchUpModes = {
  /** `.3`: unread counts. The device asks for the messages. */
  COUNTS: "pull",
  /** `.1`: the missed messages themselves. */
  MESSAGES: "push",
} as const;

export type CatchUpMode = (typeof catchUpModes)[keyof typeof catchUpModes];

/** A request for a session link. */
export interface SessionRequest {
  clientId: string;
  sessionId: string;
  /** The user's socket: clients on one socket are on one device. */
  connectionId: string;
  mode: CatchUpMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
  /** Broadcasts to everybody that the login may still get, as the gateway knows them. */
  broadcasts: UnexpiredBroadcasts;
}

/**
 * First on every subscription. The replay follows: the entries after `since` up to `head`, and the notices after
 * `noticesAfter` up to `lastNotice` (ms).
 */
export interface OpenedSubscription {
  type: "opened";
  since: number;
  head: number;
  noticesAfter: number;
  lastNotice: number;
}

/** ConversationObject → gateway. */
export type ConversationControl =
  | OpenedSubscription
  /** The subscription is evicted (L4): the gateway waits for the last answers, then closes the link. */
  | { type: "unsubscribed" }
  /** The reply that follows shows the log up to here. */
  | { type: "shown"; upTo: number }
  /**
   * Whether the session is in the audience from here on. It is the last record of one that is no longer. A session is in
   * one room at a time.
   */
  | { type: "presence"; isPresent: boolean; isRoom: boolean };

/** Gateway → ConversationObject, or relay. */
export type ConversationRequest =
  | { type: "unsubscribe" }
  /** The session leaves the audience. No answer follows. */
  | { type: "leave" };

/** ClientObject → gateway. */
export type SessionControl =
  /**
   * The login succeeded. `asking` names the conversations that the session is being caught up on: `caughtUp` follows
   * for each. `room` is the one that its device was lost in a while ago.
   */
  | { type: "opened"; asking: string[]; capabilities: number; at: number; room?: string | undefined }
  /** The session created a room, and is in it. */
  | { type: "entered"; conversationId: string }
  /**
   * The login failed, or the session was closed or ended from outside: the gateway closes its links and forgets it. If
   * there is an error, it is the last thing that the device is sent.
   */
  | { type: "ended"; error?: ErrorName; detail?: string }
  /** A login could not be decided, through no fault of the device: the device has to try again on a new socket. */
  | { type: "undecided" }
  /** The device has to reconnect, by way of the router. */
  | { type: "goAway" }
  /** The inbox has the conversation: if anything breaks from here on, the next login asks it (I4). */
  | { type: "noted"; conversationId: string; sessions: OpenSessions }
  /**
   * The session is caught up on the conversation up to this entry and this notice; the gateway drops what comes of them
   * later (L5, L6). Both are undefined if the conversation does not exist or did not answer.
   */
  | {
      type: "caughtUp";
      conversationId: string;
      head: number | undefined;
      lastNotice: number | undefined;
    }
  /** Some more of the conversations in `asking` have answered: commands for the others go on waiting. */
  | { type: "catchingUp" }
  /** The reply that follows shows this state of conversations. */
  | { type: "shown"; shown: SeenVersion[] };

/** Gateway → ClientObject. */
export type SessionReport =
  /** A subscription is about to be opened. `noted` is the answer. */
  | { type: "subscribing"; conversationId: string }
  | { type: "unsubscribed"; conversationId: string }
  /** The room that the session is in from now on; undefined if it left the last one. */
  | { type: "room"; conversationId: string | undefined };

/** Close codes of links. User sockets close with the codes of the error table instead. */
export const linkClose = {
  /** The device's socket closed, or the device caused it to close. */
  LOST: 4001,
  /** The session was closed in good order. */
  DONE: 4002,
  /** The subscription was evicted for another one (L4). */
  UNSUBSCRIBED: 4003,
  /** The server closed the device's socket: the device is expected to reconnect. */
  LET_GO: 4004,
  /** The device sent nothing for too long (4107). */
  SILENT: 4005,
} as const;
