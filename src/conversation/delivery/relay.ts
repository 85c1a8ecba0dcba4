import { LONGEST_DELIVERY } from "../../bounds.ts";
import { joinRecords } from "../../protocol/link-records.ts";
import type { UnsubscribedDelivery } from "./client-delivery.ts";
import { type ClientEvent, isRepeatableEvent, isUnreadRequest, recordsOf } from "./client-event.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import type { InFlightWindows } from "./in-flight-windows.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import type { ServedClients } from "./served-clients.ts";

const RETRY_FIRST = 1_000; // ms
const RETRY_LAST = 60_000; // ms
const PAGE = 200; // messages per call
const CLOCK_TOLERANCE = 250; // ms that an object's clock and its answer may be late
const HELD_EVENTS = 200; // events kept for a client whose object does not answer

/** The content of a call to a client's object: entries of the log after a time, and events. */
interface CallContent {
  after: number | undefined;
  events: ClientEvent[];
}

/**
 * Serves the clients without a subscription by calls to their objects. One call is in flight per client; the next one
 * carries what gathered meanwhile.
 */
export class Relay {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;
  readonly #inFlight: InFlightWindows;

  constructor(
    host: DeliveryHost,
    clients: ServedClients,
    pending: PendingDeliveries,
    inFlight: InFlightWindows,
  ) {
    this.#host = host;
    this.#clients = clients;
    this.#pending = pending;
    this.#inFlight = inFlight;
  }

  /**
   * Sends an event to a client that is not away.
   *
   * @param noticedAt for a notice, the time it is stored under: after a crash, it is sent again. The recent notices go
   *   first, in case the client's subscriptions just broke before they arrived; its sessions ignore those they have.
   */
  notify(clientId: string, event: ClientEvent, noticedAt: number | undefined): void {
    const client = this.#unsubscribed(clientId);
    if (noticedAt !== undefined) {
      if (client.events.length === 0) client.events.push(...this.recentNotices(clientId, noticedAt));
      this.#pending.mark(Math.min(this.#host.head(), noticedAt - 1));
    }
    // A client that may come back is not online for an ephemeral event.
    const isMissed = client.unknownUntil !== undefined && !isRepeatableEvent(event);
    if (!isMissed && client.events.length < HELD_EVENTS) client.events.push(event);
    this.#callNext(clientId, client);
  }

  /** Relays the messages after a time to a client, unless a subscription will replay them. */
  relayAfter(clientId: string, after: number): void {
    const current = this.#clients.get(clientId);
    if (current !== undefined && current.state !== "unsubscribed") return;
    const client = this.#unsubscribed(clientId);
    client.after = Math.min(client.after ?? after, after);
    this.#callNext(clientId, client);
  }

  /** Takes a client over from subscriptions that served it up to `since`, with the events gathered in between. */
  takeOver(clientId: string, since: number, events: ClientEvent[]): void {
    this.#clients.delete(clientId);
    const behind = this.#host.isMember(clientId) && since < this.#host.head();
    if (!behind && events.length === 0) return;
    const client = this.#unsubscribed(clientId);
    client.events = events;
    if (behind) {
      this.#pending.mark(since);
      client.after = since;
    }
    this.#callNext(clientId, client);
  }

  /**
   * Recent notices, which a session that is about to subscribe may have missed when the client's subscriptions end.
   * Sessions that have them ignore them.
   */
  recentNotices(clientId: string, before?: number): ClientEvent[] {
    const since = this.#host.now() - LONGEST_DELIVERY;
    const notices = this.#host.notices(clientId, { after: since, before, isRepeated: true });
    return this.#host.readCursorMovedAt(clientId) > since ? [...notices, "recount"] : notices;
  }

  /** Calls again the clients whose objects did not answer, and those whose time to come back is over. */
  retry(): void {
    for (const [clientId, client] of this.#clients) {
      if (client.state !== "unsubscribed" || client.call !== undefined) continue;
      const wait = this.unknownFor(clientId) ?? 0;
      if (wait > 0) this.#host.retryAfter(wait);
      else this.resume(clientId, client);
    }
  }

  /** Goes on with a client that is online again, or may be. */
  resume(clientId: string, client: UnsubscribedDelivery): void {
    client.unknownUntil = undefined;
    this.#callNext(clientId, client);
  }

  /** Resolves when every call now in flight has ended: by then it is known which clients are away. */
  async settled(): Promise<void> {
    const calls: Promise<void>[] = [];
    for (const [, client] of this.#clients) {
      if (client.state === "unsubscribed" && client.call !== undefined) calls.push(client.call.settled);
    }
    await Promise.all(calls);
  }

  /** Whether the last call to a client failed, so that it is not known whether it is online. */
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

  #unsubscribed(clientId: string): UnsubscribedDelivery {
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

  #callNext(clientId: string, client: UnsubscribedDelivery): void {
    if (client.call !== undefined || client.unknownUntil !== undefined) return;
    if (client.after === undefined && client.events.length === 0) return;
    const after = client.after;
    const replay = after === undefined ? undefined : this.#host.replay(clientId, after, PAGE);
    // A count must not be sent before the messages it includes.
    const isEarly = (event: ClientEvent) => isUnreadRequest(event) && replay?.more === true;
    const events = client.events.filter((event) => !isEarly(event));
    client.events = client.events.filter(isEarly);
    client.after = replay?.more ? replay.upTo : undefined;
    if (after !== undefined) this.#inFlight.extend(clientId, after);
    const records = recordsOf(events, (request) => this.#host.unread(clientId, request));
    const frame = joinRecords([...(replay ? [replay.frame] : []), ...records]);
    const call = { outdated: false, settled: Promise.resolve() };
    call.settled = this.#host.relay(clientId, frame).then(
      (outcome) => {
        client.call = undefined;
        client.failures = 0;
        if (call.outdated) this.#delivered(clientId, client, true);
        else if (typeof outcome === "string") this.#delivered(clientId, client, outcome === "online");
        else this.#maybeOffline(clientId, client, outcome.within, { after, events });
      },
      () => {
        client.call = undefined;
        this.#failed(clientId, client, { after, events });
      },
    );
    client.call = call;
  }

  #delivered(clientId: string, client: UnsubscribedDelivery, online: boolean): void {
    if (this.#clients.get(clientId) === client) {
      if (online) this.#callNext(clientId, client);
      else {
        this.#clients.delete(clientId);
        this.#clients.setAway(clientId, true);
      }
    }
    this.#pending.clearIfDone();
  }

  /** No device was online, but one may come back within this time (ms). The delivery is kept until then. */
  #maybeOffline(clientId: string, client: UnsubscribedDelivery, within: number, call: CallContent): void {
    if (this.#restore(clientId, client, call) && (client.after !== undefined || client.events.length > 0)) {
      client.unknownUntil = this.#host.now() + within + CLOCK_TOLERANCE;
      this.#host.retryAfter(within + CLOCK_TOLERANCE);
    }
    this.#pending.clearIfDone();
  }

  #failed(clientId: string, client: UnsubscribedDelivery, call: CallContent): void {
    if (!this.#restore(clientId, client, call)) return;
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
    const repeatable = events.filter(isRepeatableEvent);
    if (current?.state === "subscribing") {
      // The subscription carries the content of the call instead.
      current.events.unshift(...repeatable);
      if (after !== undefined) current.since = Math.min(current.since, after);
      return false;
    }
    if (current !== client) return false;
    if (after !== undefined) client.after = Math.min(client.after ?? after, after);
    client.events = [...repeatable, ...client.events].slice(0, HELD_EVENTS);
    return true;
  }
}
