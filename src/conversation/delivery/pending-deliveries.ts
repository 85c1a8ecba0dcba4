import type { DeliveryHost, PendingSince } from "./delivery-host.ts";
import type { Relays } from "./relays.ts";
import type { ServedClients } from "./served-clients.ts";

/**
 * The time after which entries and notices may not have reached members without a subscription. It is in storage, so
 * that a crash loses no delivery, and cleared when everything was handed over.
 */
export class PendingDeliveries {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #relays: Pick<Relays, "isSettled">;
  #atStart: PendingSince | undefined;

  /** @param atStart the time that storage had when the object started; undefined if nothing was pending */
  constructor(
    host: DeliveryHost,
    clients: ServedClients,
    relays: Pick<Relays, "isSettled">,
    atStart: PendingSince | undefined,
  ) {
    this.#host = host;
    this.#relays = relays;
    this.#clients = clients;
    this.#atStart = atStart;
  }

  /** The time that storage had when the object started, until `takeAtStart`. It is not known which members got what. */
  get atStart(): PendingSince | undefined {
    return this.#atStart;
  }

  takeAtStart(): PendingSince | undefined {
    const pending = this.#atStart;
    this.#atStart = undefined;
    return pending;
  }

  mark(since: number): void {
    this.#host.markPending(since);
  }

  clearIfDone(): void {
    for (const [, client] of this.#clients) if (!client.isUpToDate) return;
    if (this.#atStart === undefined && this.#relays.isSettled) this.#host.clearPending();
  }
}
