import { LONGEST_DELIVERY } from "../../bounds.ts";
import type { ConversationControl, SubscriptionRequest } from "../../protocol/link-controls.ts";
import { controlRecord, joinRecords } from "../../protocol/link-records.ts";
import type { RelayedPosition, RelayedReplay, TooFarBehind } from "../../protocol/relay-calls.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import { GatheredFrames } from "./gathered-frames.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import type { ServedClient } from "./served-client.ts";
import { type ServedClients, saveSubscription } from "./served-clients.ts";
import { skippedEntryRecord } from "./skipped-entry.ts";
import type { Subscription, SubscriptionPort } from "./subscription.ts";
import type { Wakes } from "./wakes.ts";

/**
 * Opens and closes the subscriptions of sessions, each on its own. What was sent to one whose device is gone is lost with
 * its socket: the session that comes back subscribes from its own position on, or is caught up at its login.
 */
export class Subscribers {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;
  readonly #wakes: Wakes;
  /** What is sent while commands that arrived together are handled. */
  #gathered: GatheredFrames<Subscription> | undefined;

  constructor(host: DeliveryHost, clients: ServedClients, pending: PendingDeliveries, wakes: Wakes) {
    this.#host = host;
    this.#clients = clients;
    this.#pending = pending;
    this.#wakes = wakes;
  }

  /** A subscription that is new, or survived hibernation. */
  register(subscription: Subscription): void {
    const client = this.#clients.use(subscription.clientId);
    client.subscriptions.push(subscription);
    if (subscription.sessions !== undefined) client.learn(subscription.sessions);
    this.#clients.audienceChanged();
  }

  /** What `handle` gathers for a session, in its turn, is one frame. */
  together<Result>(handle: () => Result): Result {
    if (this.#gathered !== undefined) return handle();
    const gathered = new GatheredFrames<Subscription>();
    this.#gathered = gathered;
    try {
      return handle();
    } finally {
      this.#gathered = undefined;
      for (const [subscription, frame] of gathered.joined()) this.#write(subscription, frame);
    }
  }

  /** Sends records to one session, maybe with others of the same turn. They must not depend on being a frame. */
  gather(subscription: Subscription, records: Uint8Array): void {
    // A closing socket does not wait for the others: its client has no subscription from here on, and is woken.
    if (this.#gathered !== undefined && subscription.port.isOpen()) this.#gathered.add(subscription, records);
    else this.#write(subscription, records);
  }

  /** Sends one frame to one session. */
  send(subscription: Subscription, frame: Uint8Array): void {
    const before = this.#gathered?.take(subscription);
    if (before !== undefined) this.#write(subscription, before);
    this.#write(subscription, frame);
  }

  #write(subscription: Subscription, frame: Uint8Array): void {
    // A closing socket refuses frames. Its close event follows, and its session subscribes again.
    try {
      subscription.port.send(frame);
    } catch {
      this.closed(subscription);
    }
  }

  /**
   * Opens a subscription, and sends what the session lacks: entries of the log and notices from its own positions on,
   * events that wait for a wake, and the unread count if it may have a wrong one. Returns the subscription, or undefined
   * if the session is too far behind for a replay and must log in again.
   */
  open(request: SubscriptionRequest, port: SubscriptionPort): Subscription | undefined {
    const { clientId, sessionId, origin, mode, address, sessions } = request;
    const client = this.#clients.use(clientId);
    const isPresent = this.#host.isPresent(request);
    let since = this.#entriesAfter(request, client, isPresent);
    let replay = this.#host.replay(clientId, since);
    if (replay === "too far behind") {
      if (request.since !== undefined) {
        this.#clients.forgetIdle(clientId);
        return undefined;
      }
      // No login would give it a position. It is sent the unread count instead.
      since = this.#host.end();
      replay = undefined;
    }
    const noticesAfter = this.#noticesAfter(request, client);
    const subscription: Subscription = {
      clientId,
      sessionId,
      origin,
      mode,
      address,
      acknowledged: 0,
      isPresent,
      isEvicted: false,
      sessions: undefined,
      port,
    };
    if (sessions !== undefined) this.#clients.learn(client, sessions);
    this.#clients.subscribedBy(client, sessionId);
    // Its last one broke, even if that was not noticed here.
    const last = client.subscriptions.findIndex((one) => one.sessionId === sessionId);
    if (last !== -1) client.subscriptions.splice(last, 1);
    this.register(subscription);
    saveSubscription(subscription, { sessions: client.sessions });
    this.#clients.setAway(clientId, false);
    const head = this.#host.end();
    const lastNotice = this.#host.lastNotice();
    const opened: ConversationControl = { type: "opened", since, head, noticesAfter, lastNotice };
    port.send(
      joinRecords([
        controlRecord(opened),
        ...this.#presenceFor(request, subscription),
        ...(replay ? [replay] : []),
        ...(this.#startsAtEnd(request, isPresent) ? [skippedEntryRecord(head, 0)] : []),
        ...this.#host.notices(clientId, noticesAfter),
        ...eventsFor(request, client),
        ...this.#countFor(request, since),
      ]),
    );
    this.#wakes.resume(clientId, client); // the others, if there are any
    this.#pending.clearIfDone();
    return subscription;
  }

  /** What a session at a relay lacks. */
  replayRelayed(
    clientId: string,
    { since: position, isSinceWake, noticesAfter, admittedAt }: RelayedPosition,
  ): RelayedReplay | TooFarBehind {
    const client = this.#clients.use(clientId);
    const since = this.#since({ since: position, isSinceWake, admittedAt }, client);
    this.#clients.forgetIdle(clientId);
    const replay = this.#host.replay(clientId, since);
    if (replay === "too far behind") return replay;
    const records = [
      ...(replay ? [replay] : []),
      ...this.#host.notices(clientId, noticesAfter),
      ...this.#countFor({ clientId, since: position, isSinceWake, admittedAt }, since),
    ];
    const frame = records.length === 0 ? undefined : joinRecords(records);
    return { frame, since, head: this.#host.end(), lastNotice: this.#host.lastNotice() };
  }

  /** Whether a session that wants to be in the audience is, or one that did not ask. */
  #presenceFor(request: SubscriptionRequest, { isPresent }: Subscription): Uint8Array[] {
    const isSaid = !this.#host.hasMembers && (isPresent || request.isPresent);
    return isSaid ? [this.presence(isPresent)] : [];
  }

  /** Tells a session whether it is in the audience from here on. */
  presence(isPresent: boolean): Uint8Array {
    const control: ConversationControl = {
      type: "presence",
      isPresent,
      isRoom: this.#host.relays.entry().isRoom,
    };
    return controlRecord(control);
  }

  /**
   * The time after which a session is sent entries: its own position. A session without one has received all that it
   * was woken for before, so it lacks only what is new since its login, pending, or on its way. A wake may name a later
   * time: a service wakes nobody for a broadcast, since its subscribers' sessions are on their way to it.
   */
  #entriesAfter(request: SubscriptionRequest, client: ServedClient, isPresent: boolean): number {
    return this.#startsAtEnd(request, isPresent) ? this.#host.end() : this.#since(request, client);
  }

  #since(
    { since, isSinceWake, admittedAt }: Pick<SubscriptionRequest, "since" | "isSinceWake" | "admittedAt">,
    client: ServedClient,
  ): number {
    if (since !== undefined && isSinceWake !== true) return since;
    return Math.min(since ?? Number.POSITIVE_INFINITY, this.#sinceLogin(admittedAt, client));
  }

  #sinceLogin(admittedAt: number, client: ServedClient): number {
    const known = this.#host.endAt(this.#recentSince(admittedAt));
    const woken = client.recentlyWokenFor(admittedAt, this.#host.now());
    const lacked = [client.unconfirmed.log, woken.log, this.#pending.atStart?.log];
    return Math.min(known, ...lacked.filter((time) => time !== undefined));
  }

  /** The same for notices. One that waited for D1 may be older than the session's own position, and pending. */
  #noticesAfter({ noticesAfter, admittedAt }: SubscriptionRequest, client: ServedClient): number {
    const known = noticesAfter ?? this.#recentSince(admittedAt);
    const woken =
      noticesAfter === undefined ? client.recentlyWokenFor(admittedAt, this.#host.now()) : undefined;
    const lacked = [client.unconfirmed.notices, woken?.notices, this.#pending.atStart?.notices];
    return Math.min(known, ...lacked.filter((time) => time !== undefined));
  }

  /** In a room, a session hears what is said from when it enters it. */
  #startsAtEnd({ since }: SubscriptionRequest, isPresent: boolean): boolean {
    return this.#host.relays.entry().isRoom && (since === undefined || !isPresent);
  }

  #recentSince(admittedAt: number): number {
    return Math.max(admittedAt, this.#host.now() - LONGEST_DELIVERY);
  }

  /**
   * The client's unread count, if the session may have a wrong one: another device may have read in the last moments
   * before the login, or since, and a session without a position was not told of messages before its replay. Nor is it
   * known whether a device that comes back counted those before its login: they would count twice when they are replayed.
   */
  #countFor(
    {
      clientId,
      since,
      isSinceWake = since === undefined,
      admittedAt,
    }: Pick<SubscriptionRequest, "clientId" | "since" | "isSinceWake" | "admittedAt">,
    replayedAfter: number,
  ): Uint8Array[] {
    const movedAt = this.#host.readCursorMovedAt(clientId);
    const wasRead = movedAt > admittedAt - LONGEST_DELIVERY;
    const untoldUpTo = Math.max(replayedAfter, this.#host.endAt(admittedAt));
    const isUntold = isSinceWake && this.#host.hasUnread(clientId, untoldUpTo);
    if (!wasRead && !isUntold) return [];
    const count = this.#host.unread(clientId, isUntold ? this.#host.now() : movedAt);
    return count === undefined ? [] : [count];
  }

  /** The subscription is closed, by either side, or carries replies alone from now on. */
  closed(subscription: Subscription): void {
    const client = this.#clients.get(subscription.clientId);
    const at = client?.subscriptions.indexOf(subscription) ?? -1;
    if (client === undefined || at === -1) return;
    client.subscriptions.splice(at, 1);
    this.#clients.audienceChanged();
    this.#wakes.next(subscription.clientId, client);
  }

  /** The session makes room for another subscription: this one carries replies alone from now on (L4). */
  evict(subscription: Subscription): void {
    this.closed(subscription);
    saveSubscription(subscription, { isEvicted: true });
    const control: ConversationControl = { type: "unsubscribed" };
    this.send(subscription, controlRecord(control));
  }
}

/** The events since its login that wait for a wake and that a session has not received. They are sent to it now. */
function eventsFor({ sessionId, admittedAt }: SubscriptionRequest, { pending }: ServedClient): Uint8Array[] {
  const missed = pending.events.filter(
    ({ receivedBy, sentAt }) => sentAt >= admittedAt && !receivedBy.has(sessionId),
  );
  for (const { receivedBy } of missed) receivedBy.add(sessionId);
  return missed.map(({ record }) => record);
}
