import { MINUTE, MinuteCounts } from "../minute-counts.ts";
import type { KeyValues } from "./key-values.ts";

const DAY = 24 * 60 * 60 * 1000; // ms

/**
 * Limits per day of the whole app (L-11, L-12), by UTC day. They are stored: what is counted is rare.
 */
export class DailyQuotas {
  readonly #facts: KeyValues;

  constructor(facts: KeyValues) {
    this.#facts = facts;
  }

  /** Whether the quota has one left at `now` (ms), else the seconds until there is more; 0 a day is unlimited. */
  check(quota: string, perDay: number, now: number): { retryAfter: number } | undefined {
    if (perDay === 0 || this.#countOf(quota, now) < perDay) return undefined;
    return { retryAfter: Math.ceil((DAY - (now % DAY)) / 1_000) };
  }

  /** Takes one. */
  spend(quota: string, now: number): void {
    this.#facts.set(`quota ${quota}`, `${dayOf(now)} ${this.#countOf(quota, now) + 1}`);
  }

  #countOf(quota: string, now: number): number {
    const [day, count] = (this.#facts.get(`quota ${quota}`) ?? "").split(" ");
    return Number(day) === dayOf(now) ? Number(count) : 0;
  }
}

const dayOf = (now: number) => Math.floor(now / DAY);

/**
 * Limits per minute of the whole app (L-10). Counted in memory: an object without sockets stays in memory for 70 to
 * 140 s after its last call (Cloudflare's documentation, November 2026). That is longer than a minute, so eviction
 * loses no count that still matters.
 */
export class Quotas {
  readonly #counts = new MinuteCounts();

  /**
   * Takes `count` from a quota of this many a minute, all of it or nothing; 0 is unlimited. A minute begins with the
   * first call. Returns undefined if there was enough, else the seconds until there is more.
   */
  spend(quota: string, perMinute: number, count: number, now: number): { retryAfter: number } | undefined {
    if (perMinute === 0) return undefined;
    const current = this.#counts.current(quota, now);
    if (current.count + count > perMinute) {
      return { retryAfter: Math.ceil((current.since + MINUTE - now) / 1_000) };
    }
    current.count += count;
    return undefined;
  }
}
