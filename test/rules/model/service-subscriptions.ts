import { SERVICE, type ServiceWorld } from "./service-world.ts";

/** Subscriptions to the service: clients begin and end them, or the app's server does. */
export class ServiceSubscriptions {
  readonly #world: ServiceWorld;
  /** Of each client, all of them: broadcasts in (since, until] are for it (ms). */
  readonly #all = new Map<string, { since: number; until: number }[]>();

  constructor(world: ServiceWorld) {
    this.#world = world;
  }

  change(begins: boolean): void {
    const { network, service } = this.#world;
    if (network.chance(0.5)) {
      const device = this.#world.anyOpenDevice();
      const convMessage = { cid: SERVICE, m: [device?.clientId ?? ""] };
      return device?.request({ cmd: "conv", op: begins ? "add" : "remove", convMessage }, () => {});
    }
    const clientId = this.#world.anyPerson();
    const name = begins ? "subscribe" : "unsubscribe";
    // If a call gets lost, the app's server is told and may ask again.
    service.call((conversation) => conversation.callService(name, { clientId })).catch(() => {});
  }

  /** Notes which clients are subscribed at this moment. */
  watch(): void {
    const { subscribers, log } = this.#state;
    for (const clientId of this.#world.people) {
      const since = subscribers.since(clientId);
      const all = this.#all.get(clientId) ?? [];
      this.#all.set(clientId, all);
      const last = all.at(-1);
      const isOpen = last?.until === Number.POSITIVE_INFINITY;
      if (last !== undefined && isOpen && last.since !== since) last.until = log.end;
      // A command that was carried out before the end of the last one may bring its time again.
      if (since !== undefined && (!isOpen || last?.since !== since))
        all.push({ since, until: Number.POSITIVE_INFINITY });
    }
  }

  /** Since when a client is subscribed (ms); undefined if it is not. */
  since(clientId: string): number | undefined {
    return this.#state.subscribers.since(clientId);
  }

  /** Whether a broadcast of this time came while a client was subscribed. */
  covered(clientId: string, timestamp: number): boolean {
    const all = this.#all.get(clientId) ?? [];
    return all.some(({ since, until }) => since < timestamp && timestamp <= until);
  }

  /** Whether a client ever ended a subscription: what its devices show of broadcasts has gaps then. */
  hasLeft(clientId: string): boolean {
    return (this.#all.get(clientId) ?? []).some(({ until }) => until < Number.POSITIVE_INFINITY);
  }

  get #state() {
    const { service, log } = this.#world.service.state;
    if (service === undefined) throw new Error("not a service");
    return { subscribers: service.subscribers, log };
  }
}
