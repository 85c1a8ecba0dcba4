import { elapsed } from "../elapsed.ts";

const WINDOW = 60_000; // ms

/**
 * Limits per minute of the whole app (L-10). Counted in memory: an object without sockets stays in memory for 70 to
 * 140 s after its last call (Cloudflare's documentation, November 2026). That is longer than a minute, so eviction
 * loses no count that still matters.
 */
export class Quotas {
  readonly #windows = new Map<string, { since: number; spent: number }>();

  /**
   * Takes `count` from a quota of this many a minute, all of it or nothing; 0 is unlimited. A minute begins with the
   * first call. Returns undefined if there was enough, else the seconds until there is more.
   */
  spend(quota: string, perMinute: number, count: number, now: number): { retryAfter: number } | undefined {
    if (perMinute === 0) return undefined;
    let window = this.#windows.get(quota);
    if (window === undefined || elapsed(window.since, now) >= WINDOW) {
      window = { since: now, spent: 0 };
      this.#windows.set(quota, window);
    }
    if (window.spent + count > perMinute) {
      return { retryAfter: Math.ceil((window.since + WINDOW - now) / 1_000) };
    }
    window.spent += count;
    return undefined;
  }
}
