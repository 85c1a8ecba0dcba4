import { LONGEST_DELIVERY } from "../../bounds.ts";
import type { ClientEvent, UnreadRequest } from "./client-event.ts";

const EVENTS_MAX = 200;

/** An event that is sent as it was made. */
type MadeEvent = Exclude<ClientEvent, UnreadRequest>;

/**
 * Events that went to the subscriptions of one client in the last moments, and that nothing else repeats: ephemeral
 * ones, and what the relay had not handed over when the first subscription opened. Another session of the client may
 * have been online then and not subscribed yet (L3).
 */
export class RecentEvents {
  /** In order of `at` (ms), with the sessions that have received each. */
  readonly #events: { event: MadeEvent; at: number; sessions: Set<string> }[] = [];

  /** Remembers an event that is sent to these sessions now. */
  add(event: MadeEvent, sessions: Iterable<string>, now: number): void {
    const events = this.#events;
    while (
      events[0] !== undefined &&
      (now - events[0].at >= LONGEST_DELIVERY || events.length >= EVENTS_MAX)
    ) {
      events.shift();
    }
    events.push({ event, at: now, sessions: new Set(sessions) });
  }

  /**
   * The events since a session was admitted (ms) that it may not have received. An ephemeral one is given for it once.
   * A notice is given again, since it may have been lost with a subscription that broke; a session takes it once.
   */
  takeMissedBy(sessionId: string, admittedAt: number): MadeEvent[] {
    const missed = this.#events.filter(({ event, at, sessions }) => {
      return at >= admittedAt && (event instanceof Uint8Array || !sessions.has(sessionId));
    });
    for (const { sessions } of missed) sessions.add(sessionId);
    return missed.map(({ event }) => event);
  }

  /** The recent notices, for whatever serves the client after its subscriptions. */
  notices(now: number): Uint8Array[] {
    return this.#events.flatMap(({ event, at }) =>
      event instanceof Uint8Array && now - at < LONGEST_DELIVERY ? [event] : [],
    );
  }
}
