import type { ErrorName } from "./errors.ts";
import type { SeenVersion } from "./seen-version.ts";

/**
 * The control messages of the rules L1-L8 (docs/rules.md): what gateway and objects send each other beside the
 * frames of clients. Towards the gateway they are control records, towards an object they are text.
 */

/**
 * A period in which a member is served by subscriptions alone. A new one begins each time the member is subscribed
 * again.
 */
export type Epoch = string;

/** A request for a subscription, in the name of the client that the ClientObject has logged in (L8). */
export interface SubscriptionRequest {
  conversationId: string;
  clientId: string;
  sessionId: string;
  /** Identifies what this session sends, on all its links, so that it skips its own copies (`newOrigin`). */
  origin: number;
  /** The position after which the log is replayed; undefined if the session has seen nothing of the conversation. */
  since: number | undefined;
  /** When the session logged in (ms), by its client's object. The session does not receive what is older. */
  admittedAt: number;
  mode: CatchUpMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
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
}

/** ConversationObject → gateway. */
export type ConversationControl =
  /**
   * First on every link. The client receives everything after `since` by subscriptions alone; `head` is the end of the
   * log.
   */
  | { type: "opened"; epoch: Epoch; since: number; head: number }
  /** The subscription is evicted (L4): the gateway waits for the last answers, then closes the link. */
  | { type: "unsubscribed"; epoch: Epoch }
  /** The reply that follows shows the log up to here. */
  | { type: "shown"; upTo: number };

/** Gateway → ConversationObject. */
export type ConversationRequest = { type: "unsubscribe" };

/** ClientObject → gateway. */
export type SessionControl =
  /**
   * The login succeeded. `asking` names the conversations that the session is being caught up on: `caughtUp` follows
   * for each.
   */
  | { type: "opened"; asking: string[]; capabilities: number; at: number }
  /**
   * The login failed, or the session was closed or ended from outside: the gateway closes its links and forgets it. If
   * there is an error, it is the last thing that the device is sent.
   */
  | { type: "ended"; error?: ErrorName; detail?: string }
  /** A login could not be decided, through no fault of the device: the device has to try again on a new socket. */
  | { type: "undecided" }
  /** The device has to reconnect, by way of the router. */
  | { type: "goAway" }
  /**
   * Another session of this client is subscribed to the conversation: this one subscribes as well, and the log after
   * `since` is replayed (L3, L5).
   */
  | { type: "follow"; conversationId: string; since: number }
  /** The inbox has the conversation: if anything breaks from here on, the next login asks it (I4). */
  | { type: "noted"; conversationId: string }
  /**
   * The session is caught up on the conversation up to here: the gateway drops live stored messages at or before it
   * (L5, L6).
   */
  | { type: "caughtUp"; conversationId: string; head: number | undefined }
  /** Some more of the conversations in `asking` have answered: commands for the others go on waiting. */
  | { type: "catchingUp" }
  /** The reply that follows shows this state of conversations. */
  | { type: "shown"; shown: SeenVersion[] };

/** Gateway → ClientObject. */
export type SessionReport =
  /** A subscription is about to be opened. `noted` is the answer; only after it may the relay stop. */
  | { type: "subscribing"; conversationId: string }
  | { type: "subscribed"; conversationId: string; epoch: Epoch; since: number }
  | { type: "unsubscribed"; conversationId: string; epoch: Epoch }
  /** A subscription broke before the session had a position: it has to be caught up on the conversation again. */
  | { type: "behind"; conversationId: string };

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
