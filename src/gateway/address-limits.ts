import { ADDRESSES_REMEMBERED } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";
import { networkOf } from "./address-allowances.ts";

const WINDOW = 60_000; // ms

/** Counts per minute, by kind. Around the change of a minute, twice as much may pass at once. */
export class Windows {
  readonly #windows = new Map<string, { since: number; count: number }>();

  /**
   * Counts an amount of a kind, if it is still within the limit per minute.
   *
   * @param perMinute 0 is no limit
   * @returns whether it is; what is refused is not counted
   */
  take(what: string, amount: number, perMinute: number, now: number): boolean {
    if (perMinute === 0) return true;
    let window = this.#windows.get(what);
    if (window === undefined || elapsed(window.since, now) >= WINDOW) {
      window = { since: now, count: 0 };
      this.#windows.set(what, window);
    }
    // A single command over the limit of a whole minute has to be possible, once.
    if (window.count > 0 && window.count + amount > perMinute) return false;
    window.count += amount;
    return true;
  }

  /** Whether nothing was counted for a minute. */
  isOver(now: number): boolean {
    for (const { since } of this.#windows.values()) if (elapsed(since, now) < WINDOW) return false;
    return true;
  }
}

/**
 * Counts what arrives from each address in a minute, from all its clients and sockets. It lives in the memory of the
 * isolate and holds a bounded number of addresses: the one used least recently is forgotten first.
 */
export class AddressLimits {
  readonly #addresses = new Map<string, Windows>();
  readonly #most: number;

  constructor(most = ADDRESSES_REMEMBERED) {
    this.#most = most;
  }

  /** How many addresses it remembers. */
  get size(): number {
    return this.#addresses.size;
  }

  /**
   * Counts an amount of a kind from an address, if it is still within the limit. Without a known address there is no
   * limit.
   *
   * @param perMinute 0 is no limit
   */
  take(address: string | undefined, what: string, amount: number, perMinute: number, now: number): boolean {
    if (address === undefined || perMinute === 0) return true;
    // Addresses of this machine and of private networks count too: the limit is above what the people behind a small
    // proxy do.
    const network = networkOf(address) ?? address;
    const windows = this.#addresses.get(network) ?? new Windows();
    this.#addresses.delete(network);
    this.#addresses.set(network, windows);
    if (this.#addresses.size > this.#most) {
      const [oldest] = this.#addresses.keys();
      if (oldest !== undefined) this.#addresses.delete(oldest);
    }
    return windows.take(what, amount, perMinute, now);
  }
}

/** For every socket of the isolate. */
export const addressLimits = new AddressLimits();
