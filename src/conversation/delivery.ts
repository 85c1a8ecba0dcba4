import type { ConversationControl, SubscriptionRequest } from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { controlRecord, joinRecords, noticeTimeOf } from "../protocol/link-records.ts";
import type {
  ClientDelivery,
  ClientEvent,
  DeliveryHost,
  InFlightWindow,
  JoiningSession,
  PendingSince,
  RecentEphemeral,
  Reservation,
  SubscribedSpan,
  Subscription,
  SubscriptionPort,
  UnreadRequest,
  UnsubscribedDelivery,
} from "./delivery-state.ts";

const IN_FLIGHT_TIME = 30_000; // ms: a relayed frame reaches a device in less than this
const UNSUBSCRIBE_DEADLINE = 5_000; // ms
const RETRY_FIRST = 1_000; // ms
const RETRY_LAST = 60_000; // ms
const RELAY_PAGE = 200; // messages per call
const REPLAY_LIMIT = 5_000; // messages; a session further behind logs in again and catches up
const CLOCK_TOLERANCE = 250; // ms that an object's clock and its answer may be late
const HELD_EVENTS = 200; // events kept for a client whose object does not answer

/**
 * Delivers records to a conversation's clients by the subscription rules (docs/rules.md L1-L5): members with a
 * subscription only through subscriptions, members without one through the relay. Every client has its own state, so a
 * slow client never delays another.
 */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #clients = new Map<string, ClientDelivery>();
  #lastNumber = 0;
  /** Messages relayed lately, by client; kept across the client's subscriptions. */
  readonly #inFlight = new Map<string, InFlightWindow>();
  #pendingSince: PendingSince | undefined;
  #audience: { subscriptions: Subscription[]; others: string[] } | undefined;

  /**
   * @param subscriptions those that survived hibernation
   * @param pending what was pending when the object hibernated or died, until `resumePending` delivers it
   */
  constructor(host: DeliveryHost, subscriptions: Subscription[], pending: PendingSince | undefined) {
    this.#host = host;
    this.#pendingSince = pending;
    for (const subscription of subscriptions) this.#register(subscription);
  }

  /** Subscriptions of members, and the members to be served by the relay. Valid until the next change. */
  audience(): { subscriptions: readonly Subscription[]; others: readonly string[] } {
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

  /** To be called when members joined, left, went away or came back. */
  audienceChanged(): void {
    this.#audience = undefined;
  }

  /** Messages after this timestamp were appended: starts relaying them to the members without a subscription. */
  storedAfter(timestamp: number): void {
    const { others } = this.audience();
    if (others.length === 0) return;
    if (this.#pendingSince !== undefined) this.resumePending(); // older messages first
    this.#host.markPending(timestamp);
    for (const clientId of [...others]) this.#markPending(clientId, timestamp);
  }

  /**
   * Sends one record that is not in the log to every session of these clients.
   *
   * @param noticedAt for a notice, the time it is stored under. After a crash, a client without a subscription is sent
   *   it again. Such a client also gets the recent notices first, in case its subscriptions just broke before they
   *   arrived; its sessions ignore those they already have.
   */
  notify(clientIds: Iterable<string>, event: ClientEvent, noticedAt?: number): void {
    for (const clientId of clientIds) {
      const client = this.#clients.get(clientId);
      if (client?.state === "subscribed") {
        const frame = joinRecords(this.#render(clientId, [event]));
        const subscriptions = [...client.subscriptions];
        for (const subscription of subscriptions) this.#send(subscription, frame);
        if (!isUnreadRequest(event) && "ephemeral" in event)
          this.#rememberEphemeral(client.recent, event.ephemeral, subscriptions);
      } else if (client?.state === "subscribing" || client?.state === "unsubscribing") {
        client.events.push(event);
      } else if (!this.#host.isAway(clientId)) {
        // Older events go first.
        if (this.#pendingSince !== undefined) this.resumePending();
        const unsubscribed = this.#unsubscribedDelivery(clientId);
        if (noticedAt !== undefined) {
          if (unsubscribed.events.length === 0)
            unsubscribed.events.push(...this.#recentNotices(clientId, noticedAt));
          this.#host.markPending(Math.min(this.#host.head(), noticedAt - 1));
        }
        // A client that may come back is not online for an ephemeral event.
        const isMissed = unsubscribed.unknownUntil !== undefined && !isRepeatable(event);
        if (!isMissed && unsubscribed.events.length < HELD_EVENTS) unsubscribed.events.push(event);
        this.#relayNext(clientId, unsubscribed);
      }
    }
  }

  /**
   * Records for one client, to follow the entries of the log. Notices are sorted by time, since a session takes none
   * that is older than one it has; the count comes last and includes everything before it.
   */
  #render(clientId: string, events: readonly ClientEvent[]): Uint8Array[] {
    const records: Uint8Array[] = [];
    let unread: UnreadRequest | undefined;
    for (const event of events) {
      if (event === "unread" || event === "recount") unread = unread === "unread" ? unread : event;
      else records.push("ephemeral" in event ? event.ephemeral : event);
    }
    if (records.length > 1) sortNotices(records);
    const count = unread && this.#host.unread(clientId, unread);
    return count === undefined ? records : [...records, count];
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
        if (frame !== undefined) this.#send(subscription, frame);
      }
      if (record !== event) this.#rememberEphemeral(client.recent, record, subscriptions);
    }
  }

  /** Kept as long as another session of the client may still be about to subscribe (L3). */
  #rememberEphemeral(
    recent: RecentEphemeral[],
    record: Uint8Array,
    subscriptions: readonly Subscription[],
  ): void {
    const now = this.#host.now();
    while (
      recent[0] !== undefined &&
      (now - recent[0].at >= IN_FLIGHT_TIME || recent.length >= HELD_EVENTS)
    ) {
      recent.shift();
    }
    recent.push({ record, at: now, sessions: new Set(subscriptions.map(({ sessionId }) => sessionId)) });
  }

  /** Ephemeral events that were sent while a session was online but not subscribed yet. */
  #missedEphemeral({ clientId, sessionId, admittedAt }: SubscriptionRequest): ClientEvent[] {
    const client = this.#clients.get(clientId);
    if (client?.state !== "subscribed") return [];
    const missed = client.recent.filter(({ at, sessions }) => at >= admittedAt && !sessions.has(sessionId));
    for (const { sessions } of missed) sessions.add(sessionId);
    return missed.map(({ record }) => ({ ephemeral: record }));
  }

  /** Resolves when every call now in flight has ended: by then it is known which clients are away. */
  async settled(): Promise<void> {
    const calls: Promise<void>[] = [];
    for (const client of this.#clients.values()) {
      if (client.state === "unsubscribed" && client.call !== undefined) calls.push(client.call.settled);
    }
    await Promise.all(calls);
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
    const client = this.#clients.get(clientId);
    return client?.state === "unsubscribed" && client.failures > 0;
  }

  /**
   * How long (ms) until it is known whether a client is online; undefined if it is known already, or no delivery was
   * tried.
   */
  unknownFor(clientId: string): number | undefined {
    const client = this.#clients.get(clientId);
    if (client?.state !== "unsubscribed" || client.unknownUntil === undefined) return undefined;
    return Math.max(client.unknownUntil - this.#host.now(), 0);
  }

  /** Changes what a subscription keeps across hibernation. */
  update(subscription: Subscription, change: Partial<Pick<Subscription, "acknowledged">>): void {
    Object.assign(subscription, change);
    const { port, ...identity } = subscription;
    port.save(identity);
  }

  /** Sends one frame to one session. */
  send(subscription: Subscription, frame: Uint8Array): void {
    this.#send(subscription, frame);
  }

  /**
   * Reserves a subscription (L2). Resolves when it may be opened; `accept` must follow without another await. From then
   * on the subscription delivers what the relay has not.
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
      const since = Math.min(undelivered, this.#pendingSince?.log ?? undelivered);
      const events = [...this.#pendingNotices(clientId), ...(client?.events ?? [])];
      const ready = client?.call?.settled ?? Promise.resolve();
      const subscribing: ClientDelivery = { state: "subscribing", since, events, ready };
      this.#clients.set(clientId, subscribing);
      this.#audience = undefined;
      await subscribing.ready;
      return this.#reservation(request, this.#newEpoch(subscribing.since), events);
    }
  }

  /** Notices that may not have arrived: they are new even to a session that began after them. */
  #pendingNotices(clientId: string): Uint8Array[] {
    if (this.#pendingSince === undefined) return [];
    return this.#host.notices(clientId, { after: this.#pendingSince.notices, again: false });
  }

  /** A session that has no messages yet also replays what the relay may still be delivering to it. */
  #reservation(request: SubscriptionRequest, subscribed: SubscribedSpan, events: ClientEvent[]): Reservation {
    const inFlight = this.#inFlightOf(request.clientId);
    const unseen = Math.min(inFlight?.after ?? subscribed.since, subscribed.since);
    return { ...subscribed, replayAfter: request.since ?? unseen, events };
  }

  #newEpoch(since: number): SubscribedSpan {
    return { epoch: crypto.randomUUID(), since, startedAt: this.#host.now() };
  }

  #inFlightOf(clientId: string): InFlightWindow | undefined {
    const inFlight = this.#inFlight.get(clientId);
    if (inFlight === undefined || this.#host.now() - inFlight.lastAt < IN_FLIGHT_TIME) return inFlight;
    this.#inFlight.delete(clientId);
    return undefined;
  }

  /** Gives up a reservation that will not be opened; the client goes back to the relay. */
  release(clientId: string): void {
    const client = this.#clients.get(clientId);
    if (client?.state === "subscribing") this.#fallBackToRelay(clientId, client.since, client.events);
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
    const inFlight = this.#inFlightOf(request.clientId);
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
    this.#register(subscription);
    this.update(subscription, {});
    this.#host.setAway(clientId, false);
    this.#audience = undefined;
    const opened: ConversationControl = { type: "opened", epoch, since, head: this.#host.head() };
    if (current?.state === "subscribing") this.#clearPendingIfDone();
    // Notices may have been lost with a subscription that broke, or sent to other sessions before this one subscribed,
    // so they are sent again: a session takes each notice once, and a count is always current.
    const recount = this.#host.readCursorMovedAt(clientId) > request.admittedAt - IN_FLIGHT_TIME;
    const known = Math.max(request.admittedAt, this.#host.now() - IN_FLIGHT_TIME);
    const notices = this.#host.notices(clientId, { after: known, again: true });
    const events: ClientEvent[] = [...notices, ...reservation.events, ...this.#missedEphemeral(request)];
    const rendered = this.#render(clientId, recount ? [...events, "recount"] : events);
    port.send(joinRecords([controlRecord(opened), ...(replay ? [replay.frame] : []), ...rendered]));
    return subscription;
  }

  /** The subscription is closed, by either side. */
  closed(subscription: Subscription): void {
    const client = this.#clients.get(subscription.clientId);
    if (client?.state !== "subscribed" && client?.state !== "unsubscribing") return;
    const at = client.subscriptions.findIndex(({ number }) => number === subscription.number);
    if (at === -1) return;
    client.subscriptions.splice(at, 1);
    this.#audience = undefined;
    if (client.subscriptions.length > 0) return;
    if (client.state === "unsubscribing") client.finish();
    else
      this.#fallBackToRelay(
        subscription.clientId,
        this.#servedUpTo(client),
        this.#recentNotices(subscription.clientId),
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
    const recent = this.#host.now() - IN_FLIGHT_TIME;
    const head = joining !== undefined && joining.at > recent ? joining.since : this.#host.head();
    return startedAt > recent ? Math.min(since, head) : head;
  }

  /**
   * Recent notices, which a session that is about to subscribe may have missed when the client's subscriptions end.
   * Sessions that have them ignore them.
   */
  #recentNotices(clientId: string, before?: number): ClientEvent[] {
    const since = this.#host.now() - IN_FLIGHT_TIME;
    const notices = this.#host.notices(clientId, { after: since, before, again: true });
    return this.#host.readCursorMovedAt(clientId) > since ? [...notices, "recount"] : notices;
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
      events: this.#recentNotices(clientId),
      done,
      finish: () => {
        cancel();
        if (this.#clients.get(clientId) === unsubscribing)
          this.#fallBackToRelay(clientId, unsubscribing.since, unsubscribing.events);
        resolve();
      },
    };
    this.#clients.set(clientId, unsubscribing);
    this.#audience = undefined;
    const control: ConversationControl = { type: "unsubscribed", epoch: client.epoch };
    for (const subscription of subscriptions) this.#send(subscription, controlRecord(control));
  }

  /**
   * The client logged in, so it is not away, and the answer to a call in flight is outdated. The catch-up covers
   * everything up to `head`; entries after it, and notices after `lastNotice`, are pending.
   */
  caughtUp(clientId: string, head: number, lastNotice: number): void {
    const client = this.#clients.get(clientId);
    if (client?.state === "unsubscribed" && client.call !== undefined) client.call.outdated = true;
    this.#host.setAway(clientId, false);
    this.#audience = undefined;
    if (client?.state === "subscribed") {
      // The session will subscribe too, starting at `head`, unless the current subscriptions end first.
      client.joining = { since: Math.min(client.joining?.since ?? head, head), at: this.#host.now() };
      return;
    }
    const notices = this.#host.notices(clientId, { after: lastNotice, again: false });
    for (const notice of notices) this.notify([clientId], notice);
    if (client?.state === "unsubscribed" && client.unknownUntil !== undefined) {
      client.unknownUntil = undefined;
      this.#relayNext(clientId, client);
    }
    if (!this.#host.isMember(clientId) || head >= this.#host.head()) return;
    this.#host.markPending(head);
    this.#markPending(clientId, head);
  }

  /**
   * Delivers what is pending. After a restart it goes to every member without a subscription that is not away, since it
   * is not known which of them got it; otherwise to each client whose object did not answer.
   */
  resumePending(): void {
    const pending = this.#pendingSince;
    this.#pendingSince = undefined;
    if (pending !== undefined) {
      const { others } = this.audience();
      for (const clientId of [...others, ...this.#host.leftAfter(pending.notices)]) {
        const notices = this.#host.notices(clientId, { after: pending.notices, again: false });
        for (const notice of notices) this.notify([clientId], notice, pending.notices + 1);
      }
      if (pending.log < this.#host.head())
        for (const clientId of [...others]) this.#markPending(clientId, pending.log);
    }
    for (const [clientId, client] of this.#clients) {
      if (client.state !== "unsubscribed" || client.call !== undefined) continue;
      const wait = this.unknownFor(clientId) ?? 0;
      if (wait > 0) this.#host.retryAfter(wait);
      else {
        client.unknownUntil = undefined;
        this.#relayNext(clientId, client);
      }
    }
    this.#clearPendingIfDone();
  }

  #register(subscription: Subscription): void {
    this.#lastNumber = Math.max(this.#lastNumber, subscription.number);
    if (subscription.inFlight !== undefined) this.#inFlight.set(subscription.clientId, subscription.inFlight);
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
        recent: [],
        epoch,
        since,
        startedAt,
      });
    }
    this.#audience = undefined;
  }

  #send(subscription: Subscription, frame: Uint8Array): void {
    // A closing socket refuses frames. Its close event follows, and then the client is served another way.
    try {
      subscription.port.send(frame);
    } catch {
      this.closed(subscription);
    }
  }

  #unsubscribedDelivery(clientId: string): UnsubscribedDelivery {
    const client = this.#clients.get(clientId);
    if (client?.state === "unsubscribed") return client;
    const unsubscribed: UnsubscribedDelivery = {
      state: "unsubscribed",
      after: undefined,
      events: [],
      call: undefined,
      failures: 0,
      unknownUntil: undefined,
    };
    this.#clients.set(clientId, unsubscribed);
    return unsubscribed;
  }

  #markPending(clientId: string, after: number): void {
    const current = this.#clients.get(clientId);
    if (current !== undefined && current.state !== "unsubscribed") return; // its replay covers it
    const client = this.#unsubscribedDelivery(clientId);
    client.after = Math.min(client.after ?? after, after);
    this.#relayNext(clientId, client);
  }

  /** From subscriptions back to the relay, with the events gathered in between. */
  #fallBackToRelay(clientId: string, since: number, events: ClientEvent[]): void {
    this.#clients.delete(clientId);
    this.#audience = undefined;
    const behind = this.#host.isMember(clientId) && since < this.#host.head();
    if (!behind && events.length === 0) return;
    const client = this.#unsubscribedDelivery(clientId);
    client.events = events;
    if (behind) {
      this.#host.markPending(since);
      client.after = since;
    }
    this.#relayNext(clientId, client);
  }

  /** One call is in flight per client; the next one carries what gathered meanwhile. */
  #relayNext(clientId: string, client: UnsubscribedDelivery): void {
    if (client.call !== undefined || client.unknownUntil !== undefined) return;
    if (client.after === undefined && client.events.length === 0) return;
    const after = client.after;
    const replay = after === undefined ? undefined : this.#host.replay(clientId, after, RELAY_PAGE);
    // A count must not be sent before the messages it includes.
    const isEarly = (event: ClientEvent) => isUnreadRequest(event) && replay?.more === true;
    const events = client.events.filter((event) => !isEarly(event));
    client.events = client.events.filter(isEarly);
    client.after = replay?.more ? replay.upTo : undefined;
    const now = this.#host.now();
    if (after !== undefined) {
      this.#inFlight.set(clientId, { after: this.#inFlightOf(clientId)?.after ?? after, lastAt: now });
    }
    const frame = joinRecords([...(replay ? [replay.frame] : []), ...this.#render(clientId, events)]);
    const call = { outdated: false, settled: Promise.resolve() };
    call.settled = this.#host.relay(clientId, frame).then(
      (outcome) => {
        client.call = undefined;
        client.failures = 0;
        if (call.outdated) this.#delivered(clientId, client, true);
        else if (typeof outcome === "string") this.#delivered(clientId, client, outcome === "online");
        else this.#maybeOffline(clientId, client, { within: outcome.within, after, events });
      },
      () => {
        client.call = undefined;
        this.#failed(clientId, client, after, events);
      },
    );
    client.call = call;
  }

  #delivered(clientId: string, client: UnsubscribedDelivery, online: boolean): void {
    if (this.#clients.get(clientId) === client) {
      if (online) this.#relayNext(clientId, client);
      else {
        this.#clients.delete(clientId);
        this.#host.setAway(clientId, true);
        this.#audience = undefined;
      }
    }
    this.#clearPendingIfDone();
  }

  /** No device was online, but one may come back soon: the delivery is kept until then. */
  #maybeOffline(
    clientId: string,
    client: UnsubscribedDelivery,
    call: { within: number } & CallContent,
  ): void {
    if (this.#restore(clientId, client, call) && (client.after !== undefined || client.events.length > 0)) {
      client.unknownUntil = this.#host.now() + call.within + CLOCK_TOLERANCE;
      this.#host.retryAfter(call.within + CLOCK_TOLERANCE);
    }
    this.#clearPendingIfDone();
  }

  #failed(
    clientId: string,
    client: UnsubscribedDelivery,
    after: number | undefined,
    events: ClientEvent[],
  ): void {
    if (!this.#restore(clientId, client, { after, events })) return;
    client.failures += 1;
    this.#host.retryAfter(Math.min(RETRY_FIRST * 2 ** (client.failures - 1), RETRY_LAST));
  }

  /**
   * Puts the content of a failed call back into the client's state. Returns whether this state is still the current
   * one.
   */
  #restore(clientId: string, client: UnsubscribedDelivery, { after, events }: CallContent): boolean {
    const current = this.#clients.get(clientId);
    // It may have arrived all the same.
    const repeatable = events.filter(isRepeatable);
    if (current?.state === "subscribing") {
      // The subscription delivers what the call could not.
      current.events.unshift(...repeatable);
      if (after !== undefined) current.since = Math.min(current.since, after);
      return false;
    }
    if (current !== client) return false;
    if (after !== undefined) client.after = Math.min(client.after ?? after, after);
    client.events = [...repeatable, ...client.events].slice(0, HELD_EVENTS);
    return true;
  }

  #clearPendingIfDone(): void {
    for (const client of this.#clients.values()) {
      if (client.state === "subscribed") continue;
      // A client that is changing over gets nothing now; after a crash, only the pending mark would show that.
      if (client.state !== "unsubscribed") return;
      if (client.call !== undefined || client.after !== undefined || client.events.length > 0) return;
    }
    if (this.#pendingSince === undefined) this.#host.clearPending();
  }
}

/** The content of a call to a client's object: entries of the log after a time, and events. */
interface CallContent {
  after: number | undefined;
  events: ClientEvent[];
}

/** Whether the event may be sent later, and more than once. */
function isRepeatable(event: ClientEvent): boolean {
  return isUnreadRequest(event) || event instanceof Uint8Array;
}

function isUnreadRequest(event: ClientEvent): event is UnreadRequest {
  return event === "unread" || event === "recount";
}

/** By time, before everything else. */
function sortNotices(records: Uint8Array[]): void {
  const times = new Map(records.map((record) => [record, noticeTimeOf(record) ?? Number.MAX_VALUE]));
  records.sort((one, other) => (times.get(one) ?? 0) - (times.get(other) ?? 0));
}
