import { MINUTE, MinuteCounts } from "../minute-counts.ts";

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
