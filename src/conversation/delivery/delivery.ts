import type { OpenSessions, SubscriptionRequest } from "../../protocol/link-controls.ts";
import { joinRecords } from "../../protocol/link-records.ts";
import type {
  RelayedFrame,
  RelayedPosition,
  RelayedReplay,
  RelayedSubscriber,
  TooFarBehind,
} from "../../protocol/relay-calls.ts";
import { personalFrame } from "./audience-frames.ts";
import type { ClientEvent } from "./client-event.ts";
import type { DeliveryHost, PendingSince } from "./delivery-host.ts";
import { EventDelivery } from "./event-delivery.ts";
import { PendingDeliveries } from "./pending-deliveries.ts";
import { Relays } from "./relays.ts";
import { type Audience, ServedClients, saveSubscription } from "./served-clients.ts";
import { skippedEntryRecord } from "./skipped-entry.ts";
import { Subscribers } from "./subscribers.ts";
import type { Subscription, SubscriptionPort } from "./subscription.ts";
import { Wakes } from "./wakes.ts";

/**
 * Delivers to a conversation's clients (docs/rules.md L1-L4). A session with a subscription is sent everything by it
 * (`subscribers.ts`). A client that may have another session is woken: such a session subscribes, and is replayed what
 * it lacks (`wakes.ts`). Every client has its own state, so a slow client never delays another.
 */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;
  readonly #wakes: Wakes;
  readonly #subscribers: Subscribers;
  readonly #events: EventDelivery;
  /** They serve a part of the audience, if it is large. */
  readonly relays: Relays;

  /**
   * @param subscriptions those that survived hibernation
   * @param pending the deliveries that were pending when the object hibernated or died; `resumePending` makes them
   */
  constructor(host: DeliveryHost, subscriptions: Subscription[], pending: PendingSince | undefined) {
    this.#host = host;
    this.#clients = new ServedClients(host);
    this.relays = new Relays({ ...host.relays, settled: () => this.#pending.clearIfDone() });
    this.#pending = new PendingDeliveries(host, this.#clients, this.relays, pending);
    this.#wakes = new Wakes(host, this.#clients, this.#pending);
    this.#subscribers = new Subscribers(host, this.#clients, this.#pending, this.#wakes);
    this.#events = new EventDelivery(host, {
      clients: this.#clients,
      pending: this.#pending,
      wakes: this.#wakes,
      subscribers: this.#subscribers,
      relays: this.relays,
      resumeAtStart: () => this.#resumeAtStart(),
    });
    for (const subscription of subscriptions)
      if (!subscription.isEvicted) this.#subscribers.register(subscription);
  }

  /** Subscriptions of members, and the members that may have sessions to wake. Valid until the next change. */
  audience(): Audience {
    return this.#clients.audience();
  }

  /** To be called when members joined or left. */
  audienceChanged(): void {
    this.#clients.audienceChanged();
  }

  /** Entries after this time (ms) were appended, and sent to the subscriptions: wakes the other sessions. */
  storedAfter(time: number): void {
    const { toWake } = this.audience();
    if (toWake.length === 0 && this.relays.size === 0) return;
    this.#resumeAtStart();
    this.#pending.mark(time);
    for (const clientId of [...toWake]) this.#wakes.add(clientId, { log: time });
  }

  /** The same for entries that are for these clients alone. */
  storedFor(clientIds: readonly string[], time: number): void {
    const toWake = clientIds.filter((clientId) => this.#clients.mayWake(clientId));
    if (toWake.length === 0 && this.relays.size === 0) return;
    this.#resumeAtStart();
    this.#pending.mark(time);
    for (const clientId of toWake) this.#wakes.add(clientId, { log: time });
    if (toWake.length === 0) this.#pending.clearIfDone();
  }

  /** The subscriptions of these clients. */
  subscriptionsOf(clientIds: readonly string[]): Subscription[] {
    return clientIds.flatMap((clientId) => this.#clients.get(clientId)?.subscriptions ?? []);
  }

  /** Sends frames to the sessions of the audience that relays serve. */
  relay(frames: () => readonly RelayedFrame[]): void {
    this.relays.sendAll(frames);
  }

  /** A session comes into the audience of a conversation without members, or leaves it. */
  setPresent(subscription: Subscription, isPresent: boolean): void {
    saveSubscription(subscription, { isPresent });
    this.#clients.audienceChanged();
  }

  /** A client comes into the audience of a conversation without members, with all its sessions. */
  addToAudience(clientId: string): void {
    const frame = this.presence(true);
    for (const subscription of this.subscriptionsOf([clientId])) {
      this.setPresent(subscription, true);
      this.#subscribers.send(subscription, frame);
    }
    this.relay(() => [personalFrame(frame, [clientId], "first")]);
  }

  /** Clients are no longer in the audience of a conversation without members. */
  removeFromAudience(clientIds: string[]): void {
    const { subscriptions } = this.audience();
    const frame = this.#subscribers.presence(false);
    for (const subscription of subscriptions.filter(({ clientId }) => clientIds.includes(clientId))) {
      this.setPresent(subscription, false);
      this.#subscribers.send(subscription, frame);
    }
    this.relay(() => [personalFrame(frame, clientIds, "last")]);
  }

  /**
   * The records that tell a session whether it is in the audience from here on: what was said before it came was not for
   * it.
   */
  presence(isPresent: boolean): Uint8Array {
    return joinRecords([skippedEntryRecord(this.#host.end(), 0), this.#subscribers.presence(isPresent)]);
  }

  /** Sends one event to every session of these clients. @param origin the session that caused it, which is left out */
  notify(clientIds: Iterable<string>, event: ClientEvent, origin?: number): void {
    this.#events.notify(clientIds, event, origin);
  }

  /** Sends one event to every session of every member, or of everybody present; `EventDelivery` says the options. */
  notifyMembers(...notified: Parameters<EventDelivery["notifyMembers"]>): void {
    this.#events.notifyMembers(...notified);
  }

  /** What was pending when the object started goes first. */
  #resumeAtStart(): void {
    if (this.#pending.atStart !== undefined) this.resumePending();
  }

  /** Replies and transient messages of `handle`, in its turn, are one frame: a write costs most of a delivery. */
  together<Result>(handle: () => Result): Result {
    return this.#subscribers.together(handle);
  }

  /** Answers a command of a session. */
  reply(subscription: Subscription, record: Uint8Array): void {
    this.#subscribers.gather(subscription, record);
  }

  /** Sends one frame to one session. */
  send(subscription: Subscription, frame: Uint8Array): void {
    this.#subscribers.send(subscription, frame);
  }

  /** Changes the part of a subscription that survives hibernation. */
  update(
    subscription: Subscription,
    change: Partial<Pick<Subscription, "acknowledged" | "pushedUpTo">>,
  ): void {
    saveSubscription(subscription, change);
  }

  /**
   * A session logged in, so the client is not away. Its catch-up covers everything up to `head`; entries after it, and
   * notices after `lastNotice`, are pending.
   */
  caughtUp(
    clientId: string,
    { sessionId, sessions }: { sessionId: string; sessions: OpenSessions },
    head: number,
    lastNotice: number,
  ): void {
    const client = this.#clients.use(clientId);
    this.#clients.learn(client, sessions);
    this.#clients.loggedIn(client, sessionId);
    this.#clients.setAway(clientId, false);
    const isBehind = this.#host.lacksAfter(clientId, head);
    this.#lacks(clientId, isBehind ? head : undefined, lastNotice);
    this.#wakes.resume(clientId, client);
  }

  /** No login of a client was known, and it has logged in: what is new since this time (ms) is pending for it. */
  appeared(clientId: string, since: number): void {
    this.#clients.setAway(clientId, false);
    this.#lacks(clientId, since < this.#host.end() ? since : undefined, since - 1);
  }

  /**
   * Makes the pending deliveries. After a restart, every member that is not away and may have a session without a
   * subscription is woken, since it is not known which of them were; otherwise each client whose object did not answer.
   */
  resumePending(): void {
    const pending = this.#pending.takeAtStart();
    if (pending !== undefined) {
      const log = pending.log < this.#host.end() ? pending.log : undefined;
      this.relays.resume(pending.log);
      for (const clientId of [...this.audience().toWake, ...this.#host.lacking(pending.log)])
        this.#lacks(clientId, log, pending.notices);
      for (const clientId of this.#host.leftAfter(pending.notices))
        this.#lacks(clientId, undefined, pending.notices);
    }
    this.#wakes.retry();
    this.relays.retry();
    this.#pending.clearIfDone();
  }

  /** Entries after a time may be pending for a client, and notices after another (ms). */
  #lacks(clientId: string, log: number | undefined, after: number): void {
    const notices = this.#host.notices(clientId, after).length > 0 ? after : undefined;
    if (log === undefined && notices === undefined) return;
    this.#pending.mark(Math.min(log ?? this.#host.end(), notices ?? this.#host.end()));
    this.#wakes.add(clientId, { log, notices });
  }

  /** Resolves when every call now under way has ended: by then it is known which clients are away. */
  settled(): Promise<void> {
    return this.#wakes.settled();
  }

  /** Whether a client has a subscription now. */
  isSubscribed(clientId: string): boolean {
    return (this.#clients.get(clientId)?.subscriptions.length ?? 0) > 0;
  }

  /** Whether the last call to a client without a subscription failed, so that it is not known whether it is online. */
  isUnreachable(clientId: string): boolean {
    return !this.isSubscribed(clientId) && this.#wakes.isUnreachable(clientId);
  }

  /**
   * How long (ms) until it is known whether a client is online; undefined if it is known already, or no call was tried.
   */
  unknownFor(clientId: string): number | undefined {
    return this.#wakes.unknownFor(clientId);
  }

  /**
   * Opens a subscription. Returns it, or undefined if the session is too far behind for a replay and must log in again.
   */
  subscribe(request: SubscriptionRequest, port: SubscriptionPort): Subscription | undefined {
    return this.#subscribers.open(request, port);
  }

  /** Whether a session at a relay is to be in the audience. */
  mayEnter(subscriber: RelayedSubscriber): boolean {
    return this.#host.isPresent(subscriber);
  }

  /** What is on its way to a relay goes before its answer (T4), as `Relays.awaitedAt`. */
  awaitedAt(relay: number): number | undefined {
    this.#resumeAtStart();
    return this.relays.awaitedAt(relay);
  }

  /** What a session at a relay lacks after its positions (ms). */
  replayRelayed(clientId: string, lacked: RelayedPosition): RelayedReplay | TooFarBehind {
    return this.#subscribers.replayRelayed(clientId, lacked);
  }

  /** The subscription is closed, by either side. */
  closed(subscription: Subscription): void {
    this.#subscribers.closed(subscription);
  }

  /** The session makes room for another subscription (L4): this one carries replies alone from now on. */
  evict(subscription: Subscription): void {
    this.#subscribers.evict(subscription);
  }
}
