/** Copies take at most one part in this many of the time. The rest of thread and disk is left for messages. */
const SPACING = 10;
/** No copy is delayed for longer than this (ms), however many wait. */
const MAX_WAIT = 8_000;
/** The longest duration (ms) that counts for the estimate. A copy that hangs does not predict the next one. */
const MAX_COST = 250;
/** Weight of the newest copy in the estimated duration. */
const NEWEST_WEIGHT = 1 / 4;

/**
 * Spaces the copies of an isolate's conversations to D1. The first copy after a quiet moment begins at once. If many
 * conversations want to copy, they follow one another at a distance that grows with the duration of a copy, so each of
 * them copies more at a time when the isolate is busy.
 */
export class CopyPace {
  /** Estimated duration of a copy (ms). */
  #cost = 0;
  /** The earliest free slot (ms); earlier ones are taken. */
  #nextAt = Number.NEGATIVE_INFINITY;

  /** Reserves the next slot, at least `atLeast` ms from now; returns the milliseconds until it. */
  reserve(now: number, atLeast: number): number {
    // Slots from before the clock was set back do not count.
    if (this.#nextAt > now + MAX_WAIT) this.#nextAt = now;
    const at = Math.max(now + atLeast, this.#nextAt);
    const wait = Math.min(at - now, Math.max(atLeast, MAX_WAIT));
    // A copy that waits longer for its own reasons does not use up the slots before.
    this.#nextAt = Math.min(Math.max(this.#nextAt, now) + this.#cost * SPACING, now + MAX_WAIT);
    return wait;
  }

  /** Reports how long a finished copy took (ms). */
  addDuration(milliseconds: number): void {
    const cost = Math.min(Math.max(milliseconds, 0), MAX_COST);
    this.#cost += (cost - this.#cost) * NEWEST_WEIGHT;
  }
}
