import { LONGEST_DELIVERY } from "../../bounds.ts";

const EVENTS_MAX = 200;

/**
 * Ephemeral events that went to the subscriptions of one client in the last moments. Another session of the client may
 * have been online then and not subscribed yet (L3).
 */
export class RecentEphemeral {
  /** In order of `at` (ms), with the sessions that have received each. */
  readonly #events: { record: Uint8Array; at: number; sessions: Set<string> }[] = [];

  /** Remembers an event that is sent to these sessions now. */
  add(record: Uint8Array, sessions: Iterable<string>, now: number): void {
    const events = this.#events;
    while (
      events[0] !== undefined &&
      (now - events[0].at >= LONGEST_DELIVERY || events.length >= EVENTS_MAX)
    ) {
      events.shift();
    }
    events.push({ record, at: now, sessions: new Set(sessions) });
  }

  /** The events since a session was admitted (ms) that it has not received; from now on it has. */
  takeMissedBy(sessionId: string, admittedAt: number): Uint8Array[] {
    const missed = this.#events.filter(({ at, sessions }) => at >= admittedAt && !sessions.has(sessionId));
    for (const { sessions } of missed) sessions.add(sessionId);
    return missed.map(({ record }) => record);
  }
}
