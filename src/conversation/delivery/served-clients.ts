import type { ClientDelivery } from "./client-delivery.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import type { Subscription } from "./subscription.ts";

/** Subscriptions of members, and the members to be served by the relay. */
export interface Audience {
  subscriptions: readonly Subscription[];
  others: readonly string[];
}

/**
 * The delivery state of each client. A client without an entry has nothing on its way: if it is a member, it is
 * unsubscribed and idle, or away.
 */
export class ServedClients {
  readonly #host: DeliveryHost;
  readonly #clients = new Map<string, ClientDelivery>();
  #audience: Audience | undefined;

  constructor(host: DeliveryHost) {
    this.#host = host;
  }

  get(clientId: string): ClientDelivery | undefined {
    return this.#clients.get(clientId);
  }

  set(clientId: string, client: ClientDelivery): void {
    const wasSubscribed = this.#clients.get(clientId)?.state === "subscribed";
    this.#clients.set(clientId, client);
    if (wasSubscribed || client.state === "subscribed") this.#audience = undefined;
  }

  delete(clientId: string): void {
    if (this.#clients.get(clientId)?.state === "subscribed") this.#audience = undefined;
    this.#clients.delete(clientId);
  }

  [Symbol.iterator](): IterableIterator<[clientId: string, client: ClientDelivery]> {
    return this.#clients.entries();
  }

  setAway(clientId: string, away: boolean): void {
    this.#host.setAway(clientId, away);
    this.#audience = undefined;
  }

  /** Valid until the next change. */
  audience(): Audience {
    if (this.#audience !== undefined) return this.#audience;
    const subscriptions: Subscription[] = [];
    const others: string[] = [];
    for (const clientId of this.#host.members()) {
      const client = this.#clients.get(clientId);
      if (client?.state === "subscribed") subscriptions.push(...client.subscriptions);
      else if (!this.#host.isAway(clientId)) others.push(clientId);
    }
    this.#audience = { subscriptions, others };
    return this.#audience;
  }

  /** To be called when members joined or left, or when the subscriptions of a client changed. */
  audienceChanged(): void {
    this.#audience = undefined;
  }
}
