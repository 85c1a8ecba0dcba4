import { Allowance, type Allowed } from "./allowance.ts";

/**
 * Counts how often each client is put into conversations by somebody: whoever is put into hundreds has hundreds to be
 * told of, whereas a large group puts each of its members into one. Of very many clients, those who were put into
 * something longest ago are forgotten.
 */
export class Invited {
  readonly #allowed: Allowed;
  readonly #most: number;
  readonly #known = new Map<string, Allowance>();

  /** @param most clients to remember */
  constructor(allowed: Allowed, most: number) {
    this.#allowed = allowed;
    this.#most = most;
  }

  /** Counts one for each of these, if each may be put into one more; whether that is so. `now` in ms. */
  take(clients: Iterable<string>, now: number): boolean {
    const each = new Map([...new Set(clients)].map((client) => [client, this.#of(client)]));
    for (const allowance of each.values()) if (!allowance.has(1, now)) return false;
    for (const [client, allowance] of each) {
      allowance.take(1, now);
      this.#known.delete(client);
      this.#known.set(client, allowance);
      const [oldest] = this.#known.keys();
      if (this.#known.size > this.#most && oldest !== undefined) this.#known.delete(oldest);
    }
    return true;
  }

  #of(client: string): Allowance {
    return this.#known.get(client) ?? new Allowance(this.#allowed);
  }
}
