const MINUTE = 60_000; // ms

/** How much may be done at once, and how fast that is refilled. */
export interface Allowed {
  atOnce: number;
  perMinute: number;
}

/** A token bucket: how much may still be done at once. It is refilled over time. */
export class TokenBucket {
  readonly #allowed: Allowed;
  #left: number;
  #at = 0;

  constructor(allowed: Allowed) {
    this.#allowed = allowed;
    this.#left = allowed.atOnce;
  }

  /** Takes an amount, all of it or nothing. Returns whether it was there. `now` in ms. */
  take(count: number, now: number): boolean {
    const left = this.#leftAt(now);
    if (count > left) return false;
    this.#left = left - count;
    this.#at = now;
    return true;
  }

  /** Whether this amount is there. `now` in ms. */
  has(count: number, now: number): boolean {
    return count <= this.#leftAt(now);
  }

  /** Whether it is full, so that it need not be remembered. */
  isWhole(now: number): boolean {
    return this.#leftAt(now) >= this.#allowed.atOnce;
  }

  #leftAt(now: number): number {
    const back = (Math.max(now - this.#at, 0) * this.#allowed.perMinute) / MINUTE;
    return Math.min(this.#left + back, this.#allowed.atOnce);
  }
}
