import type { CatchUpMode, OpenSessions } from "../../protocol/link-controls.ts";

/** The conversation's end of a subscription: a hibernatable WebSocket. */
export interface SubscriptionPort {
  /** Whether it takes frames, which does not change within a turn. */
  isOpen(): boolean;
  send(frame: Uint8Array): void;
  /** Stores the subscription's identity in the socket's attachment, where it survives hibernation. */
  save(identity: SubscriptionIdentity): void;
}

/** The part of a subscription that survives hibernation, and the client it belongs to (L8). */
export interface SubscriptionIdentity {
  clientId: string;
  sessionId: string;
  origin: number;
  mode: CatchUpMode;
  /** Address of the device. No rule depends on it. */
  address: string | undefined;
  /** Timestamp of the newest message the device acknowledged; storage may not have it yet. */
  acknowledged: number;
  /** It makes room for another one of its session, and carries replies alone (L4). */
  isEvicted: boolean;
  /** It hears what goes to everybody: its client is a member or subscribed to the service, or it is in the room. */
  isPresent: boolean;
  /** Pushes of messages up to this time (ms) are settled; storage may not have it yet. */
  pushedUpTo?: number;
  /** The open sessions of the client, as known at the last change of any of its subscriptions. */
  sessions: OpenSessions | undefined;
}

export interface Subscription extends SubscriptionIdentity {
  port: SubscriptionPort;
}
