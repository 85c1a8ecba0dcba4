import type { ClientEvent } from "./client-event.ts";
import type { RecentEvents } from "./recent-events.ts";
import type { SubscribedSpan, Subscription } from "./subscription.ts";

/** The way in which one client is served now. */
export type ClientDelivery =
  | ({
      state: "subscribed";
      subscriptions: Subscription[];
      joining: JoiningSession | undefined;
      recent: RecentEvents;
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
