import { type Allowed, TokenBucket } from "./token-bucket.ts";

/**
 * Limits how often each client is added to conversations by others: a client that is added to hundreds has to be caught
 * up on hundreds, whereas a large group adds each of its members to one. Of very many clients, those that were added
 * longest ago are forgotten.
 */
export class InvitationCounts {
  readonly #allowed: Allowed;
  readonly #limit: number;
  readonly #allowances = new Map<string, TokenBucket>();

  /** @param limit clients to remember */
  constructor(allowed: Allowed, limit: number) {
    this.#allowed = allowed;
    this.#limit = limit;
  }

  /**
   * Counts one invitation for each of these clients, if each of them may be invited once more. Returns whether that is
   * so. `now` in ms.
   */
  take(clients: Iterable<string>, now: number): boolean {
    const each = new Map([...new Set(clients)].map((client) => [client, this.#of(client)]));
    for (const allowance of each.values()) if (!allowance.has(1, now)) return false;
    for (const [client, allowance] of each) {
      allowance.take(1, now);
      this.#allowances.delete(client);
      this.#allowances.set(client, allowance);
      const [oldest] = this.#allowances.keys();
      if (this.#allowances.size > this.#limit && oldest !== undefined) this.#allowances.delete(oldest);
    }
    return true;
  }

  #of(client: string): TokenBucket {
    return this.#allowances.get(client) ?? new TokenBucket(this.#allowed);
  }
}
