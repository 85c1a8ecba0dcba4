import { ADDRESSES_REMEMBERED } from "../../bounds.ts";
import { MinuteCounts } from "../../minute-counts.ts";
import { networkOf } from "./network.ts";

/**
 * Counts what arrives from each address in a minute, from all its clients and sockets. It lives in the memory of the
 * isolate and holds a bounded number of addresses: the one used least recently is forgotten first.
 */
export class AddressLimits {
  readonly #addresses = new Map<string, MinuteCounts>();
  readonly #limit: number;

  /** @param limit addresses to remember */
  constructor(limit = ADDRESSES_REMEMBERED) {
    this.#limit = limit;
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
  take(address: string | undefined, kind: string, amount: number, perMinute: number, now: number): boolean {
    if (address === undefined || perMinute === 0) return true;
    // Addresses of this machine and of private networks count too: the limit is above what the people behind a small
    // proxy do.
    const network = networkOf(address) ?? address;
    const counts = this.#addresses.get(network) ?? new MinuteCounts();
    this.#addresses.delete(network);
    this.#addresses.set(network, counts);
    if (this.#addresses.size > this.#limit) {
      const [oldest] = this.#addresses.keys();
      if (oldest !== undefined) this.#addresses.delete(oldest);
    }
    return counts.take(kind, amount, perMinute, now);
  }
}

/** For every socket of the isolate. */
export const addressLimits = new AddressLimits();
