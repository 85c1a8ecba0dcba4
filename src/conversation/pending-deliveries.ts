import type { DeliveryHost, PendingSince } from "./delivery-state.ts";
import type { ServedClients } from "./served-clients.ts";

/**
 * Since when entries and notices may not have reached members without a subscription. Storage has it, so that a crash
 * loses nothing; it is cleared when everything has been handed over.
 */
export class PendingDeliveries {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  #atWake: PendingSince | undefined;

  /** @param atWake what was pending when the object hibernated or died */
  constructor(host: DeliveryHost, clients: ServedClients, atWake: PendingSince | undefined) {
    this.#host = host;
    this.#clients = clients;
    this.#atWake = atWake;
  }

  /** What was pending when the object woke, until `takeAtWake`. It is not known which members got it. */
  get atWake(): PendingSince | undefined {
    return this.#atWake;
  }

  takeAtWake(): PendingSince | undefined {
    const pending = this.#atWake;
    this.#atWake = undefined;
    return pending;
  }

  /** Notices that may not have arrived: they are new even to a session that began after them. */
  noticesAtWake(clientId: string): Uint8Array[] {
    if (this.#atWake === undefined) return [];
    return this.#host.notices(clientId, { after: this.#atWake.notices, again: false });
  }

  mark(since: number): void {
    this.#host.markPending(since);
  }

  clearIfDone(): void {
    for (const [, client] of this.#clients) {
      if (client.state === "subscribed") continue;
      // A client that is changing over gets nothing now; after a crash, only the pending mark would show that.
      if (client.state !== "unsubscribed") return;
      if (client.call !== undefined || client.after !== undefined || client.events.length > 0) return;
    }
    if (this.#atWake === undefined) this.#host.clearPending();
  }
}
