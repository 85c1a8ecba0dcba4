import type { DeliveryHost, PendingSince } from "./delivery-host.ts";
import type { ServedClients } from "./served-clients.ts";

/**
 * The time after which entries and notices may not have reached members without a subscription. It is in storage, so
 * that a crash loses no delivery, and cleared when everything was handed over.
 */
export class PendingDeliveries {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  #atWake: PendingSince | undefined;

  /** @param atWake the time that storage had when the object woke; undefined if nothing was pending */
  constructor(host: DeliveryHost, clients: ServedClients, atWake: PendingSince | undefined) {
    this.#host = host;
    this.#clients = clients;
    this.#atWake = atWake;
  }

  /** The time that storage had when the object woke, until `takeAtWake`. It is not known which members got what. */
  get atWake(): PendingSince | undefined {
    return this.#atWake;
  }

  takeAtWake(): PendingSince | undefined {
    const pending = this.#atWake;
    this.#atWake = undefined;
    return pending;
  }

  /** Notices that were pending when the object woke. They are new even to a session that began after them. */
  noticesAtWake(clientId: string): Uint8Array[] {
    if (this.#atWake === undefined) return [];
    return this.#host.notices(clientId, { after: this.#atWake.notices, isRepeated: false });
  }

  mark(since: number): void {
    this.#host.markPending(since);
  }

  clearIfDone(): void {
    for (const [, client] of this.#clients) {
      if (client.state === "subscribed") continue;
      // A client that is changing over gets nothing now. If the object dies, only the stored time says so.
      if (client.state !== "unsubscribed") return;
      if (client.call !== undefined || client.after !== undefined || client.events.length > 0) return;
    }
    if (this.#atWake === undefined) this.#host.clearPending();
  }
}
