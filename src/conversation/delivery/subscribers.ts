import { LONGEST_DELIVERY } from "../../bounds.ts";
import {
  type ConversationControl,
  linkClose,
  type SubscriptionRequest,
} from "../../protocol/link-controls.ts";
import { controlRecord, joinRecords } from "../../protocol/link-records.ts";
import type { ClientDelivery, JoiningSession } from "./client-delivery.ts";
import { type ClientEvent, isUnreadRequest, recordsOf } from "./client-event.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import type { InFlightWindows } from "./in-flight-windows.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import { RecentEvents } from "./recent-events.ts";
import type { Relay } from "./relay.ts";
import type { ServedClients } from "./served-clients.ts";
import type { Reservation, SubscribedSpan, Subscription, SubscriptionPort } from "./subscription.ts";

const UNSUBSCRIBE_DEADLINE = 5_000; // ms
const REPLAY_LIMIT = 5_000; // messages; a session further behind logs in again and catches up

/**
 * Opens and closes subscriptions, so that a client is served by subscriptions or by the relay, never by both (L2 to
 * L4), and gets everything once while it changes over.
 */
export class Subscribers {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;
  readonly #inFlight: InFlightWindows;
  readonly #relay: Relay;
  #lastNumber = 0;

  constructor(
    host: DeliveryHost,
    clients: ServedClients,
    pending: PendingDeliveries,
    inFlight: InFlightWindows,
    relay: Relay,
  ) {
    this.#host = host;
    this.#clients = clients;
    this.#pending = pending;
    this.#inFlight = inFlight;
    this.#relay = relay;
  }

  /** A subscription that is new, or survived hibernation. */
  register(subscription: Subscription): void {
    this.#lastNumber = Math.max(this.#lastNumber, subscription.number);
    if (subscription.inFlight !== undefined)
      this.#inFlight.restore(subscription.clientId, subscription.inFlight);
    const client = this.#clients.get(subscription.clientId);
    if (client?.state === "subscribed") {
      client.subscriptions.push(subscription);
      client.since = Math.min(client.since, subscription.since);
    } else {
      const { epoch, since, startedAt } = subscription;
      this.#clients.set(subscription.clientId, {
        state: "subscribed",
        subscriptions: [subscription],
        joining: undefined,
        recent: new RecentEvents(),
        epoch,
        since,
        startedAt,
      });
    }
    this.#clients.audienceChanged();
  }

  /** Sends one frame to one session. */
  send(subscription: Subscription, frame: Uint8Array): void {
    // A closing socket refuses frames. Its close event follows, and then the client is served another way.
    try {
      subscription.port.send(frame);
    } catch {
      this.closed(subscription);
    }
  }

  /** Changes the part of a subscription that survives hibernation. */
  update(subscription: Subscription, change: Partial<Pick<Subscription, "acknowledged">>): void {
    Object.assign(subscription, change);
    const { port, ...identity } = subscription;
    port.save(identity);
  }

  /**
   * Reserves a subscription (L2). Resolves when it may be opened; `accept` must follow without another await. From then
   * on the subscription carries everything that the relay has not delivered.
   */
  async reserve(request: SubscriptionRequest): Promise<Reservation> {
    const { clientId } = request;
    for (;;) {
      const client = this.#clients.get(clientId);
      if (client?.state === "subscribed") {
        return this.#reservation(request, client, []);
      }
      if (client?.state === "unsubscribing") {
        await client.done;
        continue;
      }
      if (client?.state === "subscribing") {
        await client.ready;
        const current = this.#clients.get(clientId);
        if (current !== client && current?.state !== "subscribed") continue; // the first request was released
        return this.#reservation(request, this.#newEpoch(client.since), client.events);
      }
      const undelivered = client?.after ?? this.#host.head();
      const since = Math.min(undelivered, this.#pending.atWake?.log ?? undelivered);
      const events = [...this.#pending.noticesAtWake(clientId), ...(client?.events ?? [])];
      const ready = client?.call?.settled ?? Promise.resolve();
      const subscribing: ClientDelivery = { state: "subscribing", since, events, ready };
      this.#clients.set(clientId, subscribing);
      await subscribing.ready;
      return this.#reservation(request, this.#newEpoch(subscribing.since), events);
    }
  }

  /** The replay of a session without a position begins with the messages that the relay may still be delivering. */
  #reservation(request: SubscriptionRequest, subscribed: SubscribedSpan, events: ClientEvent[]): Reservation {
    const inFlight = this.#inFlight.of(request.clientId);
    const unseen = Math.min(inFlight?.after ?? subscribed.since, subscribed.since);
    return { ...subscribed, replayAfter: request.since ?? unseen, events };
  }

  #newEpoch(since: number): SubscribedSpan {
    return { epoch: crypto.randomUUID(), since, startedAt: this.#host.now() };
  }

  /** Gives up a reservation that will not be opened; the client goes back to the relay. */
  release(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client?.state === "subscribing") this.#relay.takeOver(clientId, client.since, client.events);
  }

  /**
   * Opens a reserved subscription: sends the epoch, the replay of the log and the held events. Returns the
   * subscription, or undefined if the session is too far behind for a replay and must log in again.
   */
  accept(
    request: SubscriptionRequest,
    reservation: Reservation,
    port: SubscriptionPort,
  ): Subscription | undefined {
    const current = this.#clients.get(request.clientId);
    const subscribed = current?.state === "subscribed" ? current : reservation;
    const { epoch, since, startedAt } = subscribed;
    const inFlight = this.#inFlight.of(request.clientId);
    const replay = this.#host.replay(request.clientId, reservation.replayAfter, REPLAY_LIMIT);
    if (replay?.more) return undefined;
    const { clientId, sessionId, origin, mode, address } = request;
    const subscription: Subscription = {
      number: this.#lastNumber + 1,
      clientId,
      sessionId,
      origin,
      mode,
      address,
      acknowledged: 0,
      epoch,
      since,
      startedAt,
      inFlight,
      port,
    };
    this.register(subscription);
    this.update(subscription, {});
    this.#clients.setAway(clientId, false);
    const opened: ConversationControl = { type: "opened", epoch, since, head: this.#host.head() };
    if (current?.state === "subscribing") this.#pending.clearIfDone();
    if (current?.state !== "subscribed") this.#rememberHeld(request, reservation.events);
    // Notices may have been lost with a subscription that broke, or sent to other sessions before this one subscribed,
    // so they are sent again: a session takes each notice once, and a count is always current.
    const recount = this.#host.readCursorMovedAt(clientId) > request.admittedAt - LONGEST_DELIVERY;
    const known = Math.max(request.admittedAt, this.#host.now() - LONGEST_DELIVERY);
    const notices = this.#host.notices(clientId, { after: known, isRepeated: true });
    // A session that waited together with the first one gets the same held events by both ways.
    const held = new Set<ClientEvent>([...reservation.events, ...this.#missedEvents(request)]);
    const events: ClientEvent[] = [...notices, ...held];
    const rendered = recordsOf(recount ? [...events, "recount"] : events, (count) =>
      this.#host.unread(clientId, count),
    );
    port.send(joinRecords([controlRecord(opened), ...(replay ? [replay.frame] : []), ...rendered]));
    return subscription;
  }

  /**
   * The first subscription of an epoch carries what the relay has not handed over. The client's other sessions have not
   * got it either, and those that logged in since are not sent it as recent notices.
   */
  #rememberHeld({ clientId, sessionId }: SubscriptionRequest, events: readonly ClientEvent[]): void {
    const client = this.#clients.get(clientId);
    if (client?.state !== "subscribed") return;
    for (const event of events)
      if (!isUnreadRequest(event)) client.recent.add(event, [sessionId], this.#host.now());
  }

  /** Events that were sent while the session was online but not subscribed yet. */
  #missedEvents({ clientId, sessionId, admittedAt }: SubscriptionRequest): ClientEvent[] {
    const client = this.#clients.get(clientId);
    return client?.state === "subscribed" ? client.recent.takeMissedBy(sessionId, admittedAt) : [];
  }

  /** The subscription is closed, by either side. */
  closed(subscription: Subscription): void {
    const client = this.#clients.get(subscription.clientId);
    if (client?.state !== "subscribed" && client?.state !== "unsubscribing") return;
    const at = client.subscriptions.findIndex(({ number }) => number === subscription.number);
    if (at === -1) return;
    client.subscriptions.splice(at, 1);
    this.#clients.audienceChanged();
    if (client.subscriptions.length > 0) return;
    if (client.state === "unsubscribing") client.finish();
    else
      this.#relay.takeOver(
        subscription.clientId,
        this.#servedUpTo(client),
        this.#recentNotices(subscription.clientId, client.recent),
      );
  }

  /**
   * The time up to which every session of a client was served when its subscriptions end. A subscription that was open
   * only for a moment may have served its own session before the others learned of it (L3): for those everything since
   * is pending.
   */
  #servedUpTo({
    startedAt,
    since,
    joining,
  }: SubscribedSpan & { joining: JoiningSession | undefined }): number {
    const recent = this.#host.now() - LONGEST_DELIVERY;
    const head = joining !== undefined && joining.at > recent ? joining.since : this.#host.head();
    return startedAt > recent ? Math.min(since, head) : head;
  }

  /** Notices that the subscriptions of a client may have lost, or brought to some of its sessions alone. */
  #recentNotices(clientId: string, recent: RecentEvents): ClientEvent[] {
    return [...this.#relay.recentNotices(clientId), ...recent.notices(this.#host.now())];
  }

  /**
   * A session needs room (L4): every subscription of its client closes, and the client goes back to the relay as a
   * whole.
   */
  unsubscribe(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client?.state !== "subscribed") return;
    let resolve = (): void => {};
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    const subscriptions = [...client.subscriptions];
    const cancel = this.#host.timer(UNSUBSCRIBE_DEADLINE, () => {
      for (const subscription of unsubscribing.subscriptions.splice(0))
        subscription.port.close(linkClose.UNSUBSCRIBED, "unsubscribed");
      unsubscribing.finish();
    });
    const unsubscribing: Extract<ClientDelivery, { state: "unsubscribing" }> = {
      state: "unsubscribing",
      subscriptions,
      since: this.#servedUpTo(client),
      events: this.#recentNotices(clientId, client.recent),
      done,
      finish: () => {
        cancel();
        if (this.#clients.get(clientId) === unsubscribing)
          this.#relay.takeOver(clientId, unsubscribing.since, unsubscribing.events);
        resolve();
      },
    };
    this.#clients.set(clientId, unsubscribing);
    const control: ConversationControl = { type: "unsubscribed", epoch: client.epoch };
    for (const subscription of subscriptions) this.send(subscription, controlRecord(control));
  }
}
