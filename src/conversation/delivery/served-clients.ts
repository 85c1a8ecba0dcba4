import { LONGEST_DELIVERY } from "../../bounds.ts";
import { elapsed } from "../../elapsed.ts";
import type { OpenSessions } from "../../protocol/link-controls.ts";
import type { DeliveryHost } from "./delivery-host.ts";
import { ServedClient } from "./served-client.ts";
import type { Subscription } from "./subscription.ts";

/** Sessions of a client whose ids are kept in the attachment of each of its subscriptions: 40 bytes each. */
const SESSIONS_SAVED = 100;

/** Subscriptions of members or of those present, and the members that may have sessions to wake. */
export interface Audience {
  subscriptions: readonly Subscription[];
  toWake: readonly string[];
}

/**
 * The clients that a conversation serves. A client that is not among them has no subscription, and nothing is on its
 * way to it.
 */
export class ServedClients {
  readonly #host: DeliveryHost;
  readonly #clients = new Map<string, ServedClient>();
  /** Clients that may be forgotten, since when (ms), the longest idle first. */
  readonly #idle = new Map<string, number>();
  #audience: Audience | undefined;

  constructor(host: DeliveryHost) {
    this.#host = host;
  }

  get(clientId: string): ServedClient | undefined {
    return this.#clients.get(clientId);
  }

  /** The client, served from now on. */
  use(clientId: string): ServedClient {
    this.#idle.delete(clientId);
    let client = this.#clients.get(clientId);
    if (client === undefined) {
      client = new ServedClient();
      this.#clients.set(clientId, client);
    }
    return client;
  }

  /**
   * Forgets a client if it has no subscription and nothing is on its way to it. If it may be online, that takes a moment:
   * its sessions may not have heard yet of what they were woken for, or bring a report that is older than the last one.
   */
  forgetIdle(clientId: string): void {
    const now = this.#host.now();
    for (const [idleId, since] of this.#idle) {
      if (elapsed(since, now) < LONGEST_DELIVERY) break;
      this.#idle.delete(idleId);
      if (this.#clients.get(idleId)?.isIdle) this.#clients.delete(idleId);
    }
    const client = this.#clients.get(clientId);
    if (!client?.isIdle) return;
    if (!client.mayBeOnline) this.#clients.delete(clientId);
    else if (!this.#idle.has(clientId)) this.#idle.set(clientId, now);
  }

  [Symbol.iterator](): IterableIterator<[clientId: string, client: ServedClient]> {
    return this.#clients.entries();
  }

  /**
   * Takes a report of a client's open sessions, and keeps it for the time after hibernation. Returns whether it is the
   * newest.
   */
  learn(client: ServedClient, sessions: OpenSessions): boolean {
    const before = client.sessions;
    const isNewest = client.learn(sessions);
    if (client.sessions?.ids.join() !== before?.ids.join()) this.#sessionsChanged(client);
    return isNewest;
  }

  /** A session of a client subscribes. */
  subscribedBy(client: ServedClient, sessionId: string): void {
    const before = client.sessions;
    client.subscribedBy(sessionId);
    if (client.sessions !== before) this.#sessionsChanged(client);
  }

  /** A session logged in, whatever reports say. */
  loggedIn(client: ServedClient, sessionId: string): void {
    if (client.loggedIn(sessionId)) this.#sessionsChanged(client);
  }

  #sessionsChanged(client: ServedClient): void {
    this.#audience = undefined;
    for (const subscription of client.subscriptions)
      saveSubscription(subscription, { sessions: client.sessions });
  }

  setAway(clientId: string, away: boolean): void {
    this.#host.setAway(clientId, away);
    this.#audience = undefined;
  }

  /** Valid until the next change. */
  audience(): Audience {
    if (this.#audience !== undefined) return this.#audience;
    const subscriptions: Subscription[] = [];
    const toWake: string[] = [];
    if (!this.#host.hasMembers) {
      for (const client of this.#clients.values())
        for (const subscription of client.subscriptions)
          if (subscription.isPresent) subscriptions.push(subscription);
      this.#audience = { subscriptions, toWake };
      return this.#audience;
    }
    for (const clientId of this.#host.members()) {
      const client = this.#clients.get(clientId);
      if (client !== undefined) subscriptions.push(...client.subscriptions);
      if (this.mayWake(clientId)) toWake.push(clientId);
    }
    this.#audience = { subscriptions, toWake };
    return this.#audience;
  }

  /** Whether a session of the client may be online and have no subscription. */
  mayWake(clientId: string): boolean {
    return !this.#host.isAway(clientId) && (this.#clients.get(clientId)?.mayHaveUnsubscribedSession ?? true);
  }

  /** To be called when members joined or left, or when the subscriptions of a client changed. */
  audienceChanged(): void {
    this.#audience = undefined;
  }
}

/** Changes the part of a subscription that survives hibernation. */
export function saveSubscription(
  subscription: Subscription,
  change: Partial<Pick<Subscription, "acknowledged" | "isEvicted" | "isPresent" | "sessions" | "pushedUpTo">>,
): void {
  Object.assign(subscription, change);
  const { port, sessions, ...identity } = subscription;
  // Without them, the client is woken once more after hibernation.
  const areFew = sessions !== undefined && sessions.ids.length <= SESSIONS_SAVED;
  port.save({ ...identity, sessions: areFew ? sessions : undefined });
}
