const MINUTE = 60_000; // ms

/** How much may be done at once, and how fast that comes back. */
export interface Allowed {
  atOnce: number;
  perMinute: number;
}

/** What somebody may still do: so much at once, which comes back little by little. */
export class Allowance {
  readonly #allowed: Allowed;
  #left: number;
  #at = 0;

  constructor(allowed: Allowed) {
    this.#allowed = allowed;
    this.#left = allowed.atOnce;
  }

  /** Takes so much if it is there, all of it or nothing; whether it was. `now` in ms. */
  take(count: number, now: number): boolean {
    const left = this.#leftAt(now);
    if (count > left) return false;
    this.#left = left - count;
    this.#at = now;
    return true;
  }

  /** Whether so much is there. */
  has(count: number, now: number): boolean {
    return count <= this.#leftAt(now);
  }

  /** Whether nothing is missing from it: it need not be remembered. */
  isWhole(now: number): boolean {
    return this.#leftAt(now) >= this.#allowed.atOnce;
  }

  #leftAt(now: number): number {
    const back = (Math.max(now - this.#at, 0) * this.#allowed.perMinute) / MINUTE;
    return Math.min(this.#left + back, this.#allowed.atOnce);
  }
}
