import type { DeliveryHost } from "./delivery-host.ts";
import type { PendingDeliveries } from "./pending-deliveries.ts";
import type { Pending, PendingEvent, ServedClient, Times } from "./served-client.ts";
import type { ServedClients } from "./served-clients.ts";
import type { WakeAnswer } from "./wake.ts";

const RETRY_FIRST = 1_000; // ms
const RETRY_LAST = 60_000; // ms
const CLOCK_TOLERANCE = 250; // ms that an object's clock and its answer may be late
const HELD_EVENTS = 200; // events kept for a client whose object does not answer

/**
 * Wakes the sessions that have no subscription, by calls to their clients' objects: one at a time per client. The next
 * call is for what gathered meanwhile.
 */
export class Wakes {
  readonly #host: DeliveryHost;
  readonly #clients: ServedClients;
  readonly #pending: PendingDeliveries;

  constructor(host: DeliveryHost, clients: ServedClients, pending: PendingDeliveries) {
    this.#host = host;
    this.#clients = clients;
    this.#pending = pending;
  }

  /** Entries or notices after a time (ms) are pending for a client. */
  add(clientId: string, times: Partial<Times>): void {
    const client = this.#clients.use(clientId);
    client.addPending(times);
    this.next(clientId, client);
  }

  /** An event is pending for a client. */
  addEvent(clientId: string, event: PendingEvent): void {
    const client = this.#clients.use(clientId);
    // A client that may come back is not online for an ephemeral event.
    const isMissed = client.call.state === "returning" && event.isEphemeral;
    if (!isMissed && client.pending.events.length < HELD_EVENTS) client.pending.events.push(event);
    this.next(clientId, client);
  }

  /** Calls the client's object if anything is pending and no call is under way. */
  next(clientId: string, client: ServedClient): void {
    if (client.call.state !== "none") return;
    if (!client.mayHaveUnsubscribedSession) client.takePending(); // it came by the subscriptions
    if (!client.hasPending) return this.#clients.forgetIdle(clientId);
    const content = client.takePending();
    const { log: since, notices: noticesAfter } = content;
    const events = content.events.map(({ record, sentAt, receivedBy }) => {
      return { record, sentAt, receivedBy: [...receivedBy] };
    });
    const wake = { since, noticesAfter, subscribed: client.sessionIds, events };
    const call: ServedClient["call"] = {
      state: "calling",
      content,
      settled: this.#host.wake(clientId, wake).then(
        (answer) => this.#answered(clientId, client, answer),
        () => this.#failed(clientId, client),
      ),
    };
    client.call = call;
  }

  /** Goes on with a client that is online again, or may be. */
  resume(clientId: string, client: ServedClient): void {
    if (client.call.state === "returning") client.call = { state: "none" };
    this.next(clientId, client);
  }

  /** Calls again the clients whose objects did not answer, and those whose time to come back is over. */
  retry(): void {
    for (const [clientId, client] of this.#clients) {
      if (client.call.state === "calling") continue;
      const wait = this.unknownFor(clientId) ?? 0;
      if (wait > 0) this.#host.retryAfter(wait);
      else this.resume(clientId, client);
    }
  }

  /** Resolves when every call now under way has ended: by then it is known which clients are away. */
  async settled(): Promise<void> {
    const calls: Promise<void>[] = [];
    for (const [, { call }] of this.#clients) if (call.state === "calling") calls.push(call.settled);
    await Promise.all(calls);
  }

  /** Whether the last call to a client failed, so that it is not known whether it is online. */
  isUnreachable(clientId: string): boolean {
    return (this.#clients.get(clientId)?.failures ?? 0) > 0;
  }

  /**
   * How long (ms) until it is known whether a client is online; undefined if it is known already, or no call was tried.
   */
  unknownFor(clientId: string): number | undefined {
    const call = this.#clients.get(clientId)?.call;
    return call?.state === "returning" ? Math.max(call.until - this.#host.now(), 0) : undefined;
  }

  #answered(clientId: string, client: ServedClient, { sessions, returnsWithin }: WakeAnswer): void {
    const { call } = client;
    if (call.state !== "calling") return;
    client.call = { state: "none" };
    client.failures = 0;
    const isCurrent = this.#clients.learn(client, sessions);
    if (isCurrent && sessions.ids.length === 0 && client.subscriptions.length === 0) {
      if (returnsWithin === undefined) this.#isOffline(clientId, client);
      else this.#mayReturn(client, call.content, returnsWithin);
    } else client.wasWokenFor(call.content, this.#host.now());
    this.next(clientId, client);
    this.#pending.clearIfDone();
  }

  /** Its next login finds what is pending in its inbox. */
  #isOffline(clientId: string, client: ServedClient): void {
    client.takePending();
    this.#clients.setAway(clientId, true);
  }

  /** One of its devices may come back within this time (ms). What it lacks is kept until then. */
  #mayReturn(client: ServedClient, content: Pending, within: number): void {
    restore(client, content);
    if (!client.hasPending) return;
    client.call = { state: "returning", until: this.#host.now() + within + CLOCK_TOLERANCE };
    this.#host.retryAfter(within + CLOCK_TOLERANCE);
  }

  #failed(clientId: string, client: ServedClient): void {
    const { call } = client;
    if (call.state !== "calling") return;
    client.call = { state: "none" };
    client.failures += 1;
    restore(client, call.content);
    this.#host.retryAfter(Math.min(RETRY_FIRST * 2 ** (client.failures - 1), RETRY_LAST));
    this.#clients.forgetIdle(clientId);
  }
}

/** Puts back what a call was for. It may have arrived all the same, so ephemeral events are left out. */
function restore(client: ServedClient, { log, notices, events }: Pending): void {
  client.addPending({ log, notices });
  const repeatable = events.filter(({ isEphemeral }) => !isEphemeral);
  client.pending.events = [...repeatable, ...client.pending.events].slice(0, HELD_EVENTS);
}
