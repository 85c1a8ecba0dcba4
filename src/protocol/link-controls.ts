import type { ErrorName } from "./errors.ts";
import type { SeenVersion } from "./seen-version.ts";

/**
 * The words of the link rules L1-L8 (docs/rules.md): what gateway and objects tell each other beside the
 * clients' own frames. Towards the gateway they travel as control records, towards an object as text.
 */

/** A stretch of time in which a member is served by links alone; a new one begins each time he is subscribed again. */
export type Epoch = string;

/** Who asks for a conversation link, as the ClientObject confirmed it at login (L8). */
export interface SubscriptionRequest {
  conversationId: string;
  clientId: string;
  sessionId: string;
  /** Marks what this session sends, on whichever link, so that it skips its own copies (`newOrigin`). */
  origin: number;
  /** Replay the log after this; absent when the session has seen nothing of the conversation yet. */
  since: number | undefined;
  /** When the session logged in (ms), by its client's object: what came before is not to come to it. */
  admittedAt: number;
  mode: SyncMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
}

/** `.3` sessions pull from unread counts, `.1` sessions are pushed what they missed (Y-01). */
export type SyncMode = "pull" | "push";

/** Who asks for a session link. */
export interface SessionRequest {
  clientId: string;
  sessionId: string;
  /** The user's socket: clients on one socket are on one device at once. */
  connectionId: string;
  mode: SyncMode;
  /** Of the device; nothing is decided by it. */
  address: string | undefined;
}

/** ConversationObject → gateway. */
export type ConversationControl =
  /** First on every link. Everything after `since` reaches this client by links alone; `head` is the log's end. */
  | { type: "opened"; epoch: Epoch; since: number; head: number }
  /** The last word before the link ends for want of room (L4): finish, then close. */
  | { type: "unsubscribed"; epoch: Epoch }
  /** The answer behind this word shows the log up to here. */
  | { type: "shown"; upTo: number };

/** Gateway → ConversationObject. */
export type ConversationRequest = { type: "unsubscribe" };

/** ClientObject → gateway. */
export type SessionControl =
  /** The login succeeded. `asking` names the conversations it is being caught up on: `caughtUp` follows for each. */
  | { type: "opened"; asking: string[]; capabilities: number; at: number }
  /**
   * The login failed, the session was closed, or it was ended from outside: close links and forget it. With an
   * error, the device is told, and it is the last thing it is told.
   */
  | { type: "ended"; error?: ErrorName; detail?: string }
  /** A login could not be decided, for no fault of the device's: it is to come again, on a new socket. */
  | { type: "undecided" }
  /** The device is to reconnect, by way of the router. */
  | { type: "goAway" }
  /** Another session of this client is subscribed there: link too, and be replayed what came after (L3, L5). */
  | { type: "link"; conversationId: string; since: number }
  /** The inbox has the conversation: whatever breaks from here on, the next login asks it (I4). */
  | { type: "noted"; conversationId: string }
  /** The client was told of the conversation up to here: drop live stored messages at or before it (L5, L6). */
  | { type: "caughtUp"; conversationId: string; head: number | undefined }
  /** Of the conversations in `asking`, some more have answered: what waits for the others goes on waiting. */
  | { type: "catchingUp" }
  /** The answer behind this word shows so much of conversations. */
  | { type: "shown"; shown: SeenVersion[] };

/** Gateway → ClientObject. */
export type SessionReport =
  /** A link is about to be asked for: `noted` answers, and only then may anything be left to the link. */
  | { type: "subscribing"; conversationId: string }
  | { type: "subscribed"; conversationId: string; epoch: Epoch; since: number }
  | { type: "unsubscribed"; conversationId: string; epoch: Epoch }
  /** A link was lost before it told where the session stands: it has to be caught up on the conversation again. */
  | { type: "behind"; conversationId: string };

/** Close codes on links. On user sockets the codes of the error table are used instead. */
export const linkClose = {
  /** The device's socket went, or the device made it go. */
  LOST: 4001,
  /** The session was closed in good order. */
  DONE: 4002,
  /** The link gave way to another one (L4). */
  UNSUBSCRIBED: 4003,
  /** The service let go of the device's socket: the device is expected back. */
  LET_GO: 4004,
  /** Nothing was heard of the device for too long (4107). */
  SILENT: 4005,
} as const;
