import { elapsed } from "../../elapsed.ts";
import type { Delivery } from "../delivery/delivery.ts";

/** The most clients that a sample of those present has. */
export const SAMPLE_MAX = 50;

/** How long the number of clients that are here and at relays is remembered (ms): each relay has to be asked. */
const BOTH_KNOWN = 5_000;

/** Who is present in a conversation without members: sessions here, and those at its relays. */
export class Presence {
  readonly #delivery: Delivery;
  readonly #now: () => number;
  /** The clients that have a device here and another at a relay. */
  #both: { askedAt: number; count: Promise<number> } | undefined;

  constructor(delivery: Delivery, now: () => number) {
    this.#delivery = delivery;
    this.#now = now;
  }

  /**
   * How many clients are present, as of the last second; a client with a device here and another at a relay counts once,
   * a few seconds later at the latest.
   */
  async count(): Promise<number> {
    const { relays } = this.#delivery;
    const here = this.#here();
    if (relays.size === 0) return here.size;
    const [there, both] = await Promise.all([relays.clients(), this.#countBoth(here)]);
    // What was counted a moment ago may be more than there are now.
    return Math.max(here.size, there, here.size + there - both);
  }

  #countBoth(here: Set<string>): Promise<number> {
    if (this.#both === undefined || elapsed(this.#both.askedAt, this.#now()) > BOTH_KNOWN) {
      const asking = this.#delivery.relays.presentAmong([...here]);
      this.#both = { askedAt: this.#now(), count: asking.then(({ size }) => size) };
    }
    return this.#both.count;
  }

  /** Some of those present. */
  async sample(limit = SAMPLE_MAX): Promise<string[]> {
    const most = Math.min(Math.max(limit, 0), SAMPLE_MAX);
    const here = [...this.#here()].slice(0, most);
    const others = await this.#delivery.relays.sample(most - here.length);
    return [...new Set([...here, ...others])];
  }

  async isPresent(clientId: string): Promise<boolean> {
    if (this.#here().has(clientId)) return true;
    return (await this.#delivery.relays.presentAmong([clientId])).has(clientId);
  }

  #here(): Set<string> {
    return new Set(this.#delivery.audience().subscriptions.map(({ clientId }) => clientId));
  }
}
