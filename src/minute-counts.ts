import { elapsed } from "./elapsed.ts";

export const MINUTE = 60_000; // ms

/** What was counted of one kind in its current minute. */
export interface MinuteCount {
  readonly kind: string;
  /** When the minute began (ms). */
  since: number;
  count: number;
}

/** Counts per minute, by kind. The minute of a kind begins with what is counted first. */
export class MinuteCounts {
  /** There are few kinds, and many objects of this class: an array takes less memory than a map. */
  readonly #counts: MinuteCount[] = [];

  /** The count of a kind in its current minute, which begins now (ms) if the last one is over. Callers add to it. */
  current(kind: string, now: number): MinuteCount {
    let current = this.#counts.find((counted) => counted.kind === kind);
    if (current === undefined) {
      current = { kind, since: now, count: 0 };
      this.#counts.push(current);
    } else if (elapsed(current.since, now) >= MINUTE) {
      current.since = now;
      current.count = 0;
    }
    return current;
  }

  /**
   * Counts an amount of a kind, if it is still within the limit. Around the change of a minute, twice as much may pass
   * at once.
   *
   * @param perMinute 0 is no limit
   * @returns whether it is within the limit; what is refused is not counted
   */
  take(kind: string, amount: number, perMinute: number, now: number): boolean {
    if (perMinute === 0) return true;
    const current = this.current(kind, now);
    // A single command over the limit of a whole minute has to be possible, once.
    if (current.count > 0 && current.count + amount > perMinute) return false;
    current.count += amount;
    return true;
  }
}
