/** Copies take one part of the time in so many: the rest is for messages, with which they share thread and disk. */
const PARTS = 5;
/** No copy is put off for longer (ms), however many wait. */
const LONGEST = 8_000;
/** What one copy is thought to take at most (ms): a D1 that hangs says nothing of the next one. */
const SLOWEST = 250;
/** Weight of the newest copy in what one is thought to take. */
const NEWEST = 1 / 4;

/**
 * When the conversations of an isolate copy to D1. The first after a quiet moment does at once; where many want to,
 * they follow one another at a distance, which grows with how long copies take. So each of them has the more to copy
 * when its turn comes, the busier everybody is.
 */
export class CopyPace {
  /** How long a copy takes (ms), as far as is known. */
  #cost = 0;
  /** Before this time (ms) it is nobody's turn: given away already. */
  #free = Number.NEGATIVE_INFINITY;

  /** Gives the next turn away: how long to wait for it (ms), at least so long. */
  turn(now: number, atLeast: number): number {
    // Times given away before the clock was set back mean nothing.
    if (this.#free > now + LONGEST) this.#free = now;
    const at = Math.max(now + atLeast, this.#free);
    const wait = Math.min(at - now, Math.max(atLeast, LONGEST));
    // Who waits for reasons of its own takes nobody's turn before that.
    this.#free = Math.min(Math.max(this.#free, now) + this.#cost * PARTS, now + LONGEST);
    return wait;
  }

  /** A copy is done that took this long (ms). */
  took(milliseconds: number): void {
    const cost = Math.min(Math.max(milliseconds, 0), SLOWEST);
    this.#cost += (cost - this.#cost) * NEWEST;
  }
}
