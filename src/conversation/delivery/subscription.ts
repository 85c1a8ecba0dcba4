import type { CatchUpMode, Epoch } from "../../protocol/link-controls.ts";
import type { ClientEvent } from "./client-event.ts";
import type { InFlightWindow } from "./in-flight-windows.ts";

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
  mode: CatchUpMode;
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

export type SubscribedSpan = Pick<SubscriptionIdentity, "epoch" | "since" | "startedAt">;

/** A subscription promised by `reserve`, to be opened by `accept` without an await in between. */
export interface Reservation extends SubscribedSpan {
  /** The subscription's replay starts after this time. */
  replayAfter: number;
  events: ClientEvent[];
}
