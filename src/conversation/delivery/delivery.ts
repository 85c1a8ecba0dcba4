import type { SubscriptionRequest } from "../../protocol/link-controls.ts";
import { joinRecords } from "../../protocol/link-records.ts";
import { type ClientEvent, isUnreadRequest, recordsOf } from "./client-event.ts";
import type { DeliveryHost, PendingSince } from "./delivery-host.ts";
import { InFlightWindows } from "./in-flight-windows.ts";
import { PendingDeliveries } from "./pending-deliveries.ts";
import type { RecentEvents } from "./recent-events.ts";
import { Relay } from "./relay.ts";
import { type Audience, ServedClients } from "./served-clients.ts";
import { Subscribers } from "./subscribers.ts";
import type { Reservation, Subscription, SubscriptionPort } from "./subscription.ts";

/**
 * Delivers records to a conversation's clients by the subscription rules (docs/rules.md L1-L5): members with a
 * subscription only through subscriptions (`subscribers.ts`), members without one through the relay (`relay.ts`). Every
 * client has its own state, so a slow client never delays another.
 */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;
  readonly #relay: Relay;
  readonly #subscribers: Subscribers;

  /**
   * @param subscriptions those that survived hibernation
   * @param pending the deliveries that were pending when the object hibernated or died; `resumePending` makes them
   */
  constructor(host: DeliveryHost, subscriptions: Subscription[], pending: PendingSince | undefined) {
    const inFlight = new InFlightWindows(() => host.now());
    this.#host = host;
    this.#clients = new ServedClients(host);
    this.#pending = new PendingDeliveries(host, this.#clients, pending);
    this.#relay = new Relay(host, this.#clients, this.#pending, inFlight);
    this.#subscribers = new Subscribers(host, this.#clients, this.#pending, inFlight, this.#relay);
    for (const subscription of subscriptions) this.#subscribers.register(subscription);
  }

  /** Subscriptions of members, and the members to be served by the relay. Valid until the next change. */
  audience(): Audience {
    return this.#clients.audience();
  }

  /** To be called when members joined or left. */
  audienceChanged(): void {
    this.#clients.audienceChanged();
  }

  /** Messages after this timestamp were appended: starts relaying them to the members without a subscription. */
  storedAfter(timestamp: number): void {
    const { others } = this.audience();
    if (others.length === 0) return;
    if (this.#pending.atWake !== undefined) this.resumePending(); // older messages first
    this.#pending.mark(timestamp);
    for (const clientId of [...others]) this.#relay.relayAfter(clientId, timestamp);
  }

  /**
   * Sends one record that is not in the log to every session of these clients.
   *
   * @param noticedAt for a notice, the time it is stored under
   */
  notify(clientIds: Iterable<string>, event: ClientEvent, noticedAt?: number): void {
    for (const clientId of clientIds) {
      const client = this.#clients.get(clientId);
      if (client?.state === "subscribed") {
        const records = recordsOf([event], (request) => this.#host.unread(clientId, request));
        const frame = joinRecords(records);
        const subscriptions = [...client.subscriptions];
        for (const subscription of subscriptions) this.#subscribers.send(subscription, frame);
        if (!isUnreadRequest(event) && "ephemeral" in event)
          this.#rememberEphemeral(client.recent, event, subscriptions);
      } else if (client?.state === "subscribing" || client?.state === "unsubscribing") {
        client.events.push(event);
      } else if (!this.#host.isAway(clientId)) {
        if (this.#pending.atWake !== undefined) this.resumePending(); // older events first
        this.#relay.notify(clientId, event, noticedAt);
      }
    }
  }

  /**
   * Sends one record to every session of every member, except the session that caused it, which gets `own` instead.
   *
   * @param isFor selects members; by default all
   */
  notifyMembers(
    event: Uint8Array | { ephemeral: Uint8Array },
    {
      origin,
      own,
      noticedAt,
      isFor = () => true,
    }: { origin: number; own?: Uint8Array; noticedAt?: number; isFor?: (clientId: string) => boolean },
  ): void {
    const record = event instanceof Uint8Array ? event : event.ephemeral;
    for (const clientId of this.#host.members()) {
      if (!isFor(clientId)) continue;
      const client = this.#clients.get(clientId);
      if (client?.state !== "subscribed") {
        this.notify([clientId], event, noticedAt);
        continue;
      }
      const subscriptions = [...client.subscriptions];
      for (const subscription of subscriptions) {
        const frame = subscription.origin === origin ? own : record;
        if (frame !== undefined) this.#subscribers.send(subscription, frame);
      }
      if (!(event instanceof Uint8Array)) this.#rememberEphemeral(client.recent, event, subscriptions);
    }
  }

  #rememberEphemeral(
    recent: RecentEvents,
    event: { ephemeral: Uint8Array },
    subscriptions: readonly Subscription[],
  ): void {
    const sessions = subscriptions.map(({ sessionId }) => sessionId);
    recent.add(event, sessions, this.#host.now());
  }

  /** Sends one frame to one session. */
  send(subscription: Subscription, frame: Uint8Array): void {
    this.#subscribers.send(subscription, frame);
  }

  /** Changes the part of a subscription that survives hibernation. */
  update(subscription: Subscription, change: Partial<Pick<Subscription, "acknowledged">>): void {
    this.#subscribers.update(subscription, change);
  }

  /**
   * The client logged in, so it is not away, and the answer to a call in flight is outdated. The catch-up covers
   * everything up to `head`; entries after it, and notices after `lastNotice`, are pending.
   */
  caughtUp(clientId: string, head: number, lastNotice: number): void {
    const client = this.#clients.get(clientId);
    if (client?.state === "unsubscribed" && client.call !== undefined) client.call.outdated = true;
    this.#clients.setAway(clientId, false);
    if (client?.state === "subscribed") {
      // The session will subscribe too, starting at `head`, unless the current subscriptions end first.
      client.joining = { since: Math.min(client.joining?.since ?? head, head), at: this.#host.now() };
      return;
    }
    const notices = this.#host.notices(clientId, { after: lastNotice, isRepeated: false });
    for (const notice of notices) this.notify([clientId], notice);
    if (client?.state === "unsubscribed" && client.unknownUntil !== undefined) {
      this.#relay.resume(clientId, client);
    }
    if (!this.#host.isMember(clientId) || head >= this.#host.head()) return;
    this.#pending.mark(head);
    this.#relay.relayAfter(clientId, head);
  }

  /**
   * Makes the pending deliveries. After a restart they go to every member without a subscription that is not away,
   * since it is not known which of them got them; otherwise to each client whose object did not answer.
   */
  resumePending(): void {
    const pending = this.#pending.takeAtWake();
    if (pending !== undefined) {
      const { others } = this.audience();
      for (const clientId of [...others, ...this.#host.leftAfter(pending.notices)]) {
        const notices = this.#host.notices(clientId, { after: pending.notices, isRepeated: false });
        for (const notice of notices) this.notify([clientId], notice, pending.notices + 1);
      }
      if (pending.log < this.#host.head())
        for (const clientId of [...others]) this.#relay.relayAfter(clientId, pending.log);
    }
    this.#relay.retry();
    this.#pending.clearIfDone();
  }

  /** Resolves when every call now in flight has ended: by then it is known which clients are away. */
  settled(): Promise<void> {
    return this.#relay.settled();
  }

  /** Whether a client is served by subscriptions now. */
  isSubscribed(clientId: string): boolean {
    return this.#clients.get(clientId)?.state === "subscribed";
  }

  /** Whether new messages go to a client through subscriptions, including those that are opening or closing. */
  isServedBySubscriptions(clientId: string): boolean {
    const client = this.#clients.get(clientId);
    return client !== undefined && client.state !== "unsubscribed";
  }

  /** Whether the last call to a client without a subscription failed, so that it is not known whether it is online. */
  isUnreachable(clientId: string): boolean {
    return this.#relay.isUnreachable(clientId);
  }

  /**
   * How long (ms) until it is known whether a client is online; undefined if it is known already, or no delivery was
   * tried.
   */
  unknownFor(clientId: string): number | undefined {
    return this.#relay.unknownFor(clientId);
  }

  /**
   * Reserves a subscription (L2). Resolves when it may be opened; `accept` must follow without another await. From then
   * on the subscription carries everything that the relay has not delivered.
   */
  reserve(request: SubscriptionRequest): Promise<Reservation> {
    return this.#subscribers.reserve(request);
  }

  /** Gives up a reservation that will not be opened; the client goes back to the relay. */
  release(clientId: string): void {
    this.#subscribers.release(clientId);
  }

  /**
   * Opens a reserved subscription. Returns it, or undefined if the session is too far behind for a replay and must log
   * in again.
   */
  accept(
    request: SubscriptionRequest,
    reservation: Reservation,
    port: SubscriptionPort,
  ): Subscription | undefined {
    return this.#subscribers.accept(request, reservation, port);
  }

  /** The subscription is closed, by either side. */
  closed(subscription: Subscription): void {
    this.#subscribers.closed(subscription);
  }

  /** A session needs room (L4): every subscription of its client closes. */
  unsubscribe(clientId: string): void {
    this.#subscribers.unsubscribe(clientId);
  }
}
