import type { Narrowed } from "../../protocol/relay-calls.ts";
import { isFor, shownTo } from "../../relay/recent-frames.ts";
import { audienceFrame, personalFrame } from "./audience-frames.ts";
import type { ClientEvent } from "./client-event.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import type { Relays } from "./relays.ts";
import type { ServedClient } from "./served-client.ts";
import type { ServedClients } from "./served-clients.ts";
import type { Subscribers } from "./subscribers.ts";
import type { Subscription } from "./subscription.ts";
import type { Wakes } from "./wakes.ts";

/** The parts of a conversation's delivery that events go by. */
interface DeliveryParts {
  clients: ServedClients;
  pending: PendingDeliveries;
  wakes: Wakes;
  subscribers: Subscribers;
  relays: Relays;
  /** Makes the deliveries that were pending when the object started: they go first. */
  resumeAtStart(): void;
}

/** The session that caused an event, and what it is sent instead. */
interface Cause {
  origin: number;
  own: Uint8Array | undefined;
}

/**
 * Delivers what is not an entry of the log: to the subscriptions of a client at once, and with a wake to its sessions
 * without one; to the audience of a conversation without members by subscriptions and relays.
 */
export class EventDelivery {
  readonly #host: DeliveryHost;
  readonly #parts: DeliveryParts;

  constructor(host: DeliveryHost, parts: DeliveryParts) {
    this.#host = host;
    this.#parts = parts;
  }

  /** Sends one event to every session of these clients. @param origin the session that caused it, which is left out */
  notify(clientIds: Iterable<string>, event: ClientEvent, origin?: number): void {
    const cause = origin === undefined ? undefined : { origin, own: undefined };
    for (const clientId of clientIds) this.#notify(clientId, event, cause);
  }

  /**
   * Sends one event to every session of every member, or of everybody present.
   *
   * @param options `origin`: the session that caused it, which is sent `own` instead; `narrowed`: whom it is for, by
   *   default everybody
   */
  notifyMembers(
    event: Exclude<ClientEvent, { kind: "unread" }>,
    { origin, own, narrowed }: { origin: number; own?: Uint8Array; narrowed?: Narrowed | undefined },
  ): void {
    for (const clientId of this.#host.members())
      if (narrowed === undefined || isFor(clientId, narrowed)) this.#notify(clientId, event, { origin, own });
    if (this.#host.hasMembers) return;
    const frame = audienceFrame(event, { origin, instead: own }, narrowed);
    for (const subscription of this.#parts.clients.audience().subscriptions) {
      const record = shownTo(subscription.clientId, subscription.origin, frame);
      if (record !== undefined) this.#send(subscription, event, record);
    }
    this.#parts.relays.sendAll(() => [frame]);
    if (frame.noticeAt !== undefined && this.#parts.relays.size > 0)
      this.#parts.pending.mark(Math.min(this.#host.end(), frame.noticeAt - 1));
  }

  #notify(clientId: string, event: ClientEvent, cause: Cause | undefined): void {
    const client = this.#parts.clients.get(clientId);
    if (client !== undefined) this.#sendTo(client, event, cause);
    if (event.kind === "unread" && !this.#host.hasMembers) this.#relayUnread(clientId);
    if (!this.#parts.clients.mayWake(clientId)) return;
    this.#parts.resumeAtStart();
    switch (event.kind) {
      case "notice":
        this.#parts.pending.mark(Math.min(this.#host.end(), event.at - 1));
        return this.#parts.wakes.add(clientId, { notices: event.at - 1 });
      case "unread": // the session that subscribes is sent its count
        return this.#parts.wakes.add(clientId, { log: this.#host.end() });
      case "event":
        return this.#parts.wakes.addEvent(clientId, {
          ...event,
          receivedBy: new Set(client?.sessionIds),
          sentAt: this.#host.now(),
        });
    }
  }

  #relayUnread(clientId: string): void {
    this.#parts.relays.sendAll(() => {
      const count = this.#host.unread(clientId, this.#host.now());
      return count === undefined ? [] : [personalFrame(count, [clientId])];
    });
  }

  #sendTo({ subscriptions }: ServedClient, event: ClientEvent, cause: Cause | undefined): void {
    for (const subscription of [...subscriptions]) this.#sendOne(subscription, event, cause);
  }

  #sendOne(subscription: Subscription, event: ClientEvent, cause: Cause | undefined): void {
    const record =
      event.kind === "unread"
        ? this.#host.unread(subscription.clientId, this.#host.now())
        : subscription.origin === cause?.origin
          ? cause.own
          : event.record;
    if (record !== undefined) this.#send(subscription, event, record);
  }

  #send(subscription: Subscription, { kind }: ClientEvent, record: Uint8Array): void {
    const { subscribers } = this.#parts;
    if (kind === "event") subscribers.gather(subscription, record);
    else subscribers.send(subscription, record);
  }
}
