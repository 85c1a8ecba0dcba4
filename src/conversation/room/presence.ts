import type { Delivery } from "../delivery/delivery.ts";

/** The most clients that a sample of those present has. */
export const SAMPLE_MAX = 50;

/** Who is present in a conversation without members: sessions here, and those at its relays. */
export class Presence {
  readonly #delivery: Delivery;

  constructor(delivery: Delivery) {
    this.#delivery = delivery;
  }

  /** How many clients are present, as of the last second. */
  async count(): Promise<number> {
    return this.#here().size + (await this.#delivery.relays.clients());
  }

  /** Some of those present. */
  async sample(limit = SAMPLE_MAX): Promise<string[]> {
    const most = Math.min(Math.max(limit, 0), SAMPLE_MAX);
    const here = [...this.#here()].slice(0, most);
    const others = await this.#delivery.relays.sample(most - here.length);
    return [...new Set([...here, ...others])];
  }

  async isPresent(clientId: string): Promise<boolean> {
    return this.#here().has(clientId) || (await this.#delivery.relays.isPresent(clientId));
  }

  #here(): Set<string> {
    return new Set(this.#delivery.audience().subscriptions.map(({ clientId }) => clientId));
  }
}
