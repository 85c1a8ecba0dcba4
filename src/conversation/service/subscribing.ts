import type { Refused } from "../../protocol/outcome.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { ConversationState } from "../state.ts";
import { SUBSCRIBERS } from "./audiences.ts";
import { importSubscribers, type SubscriberImport } from "./service-import.ts";
import type { ServiceState } from "./service-state.ts";
import type { Subscriber } from "./subscribers.ts";

/** A subscription of a client to a service, as the client's own list has it. */
export interface ListedSubscription {
  conversationId: string;
  /** Milliseconds. */
  since: number;
}

const BLOCKED: Refused = { refused: "BLOCKED_BY_CONV" };

/** What clients find at their first login, beside the conversations whose members they are. */
export interface FirstLogins {
  /** A service wrote to a client that has never logged in. Rejects if that cannot be kept. */
  keepForFirstLogin(clientId: string, conversationId: string): Promise<void>;
}

export interface SubscribingHost {
  now(): number;
  /**
   * Adds a subscription to the client's own list, before the service has it. Its sessions subscribe as well, except for
   * one. Rejects if it cannot.
   */
  list(clientId: string, subscription: ListedSubscription, exceptSession: string | undefined): Promise<void>;
  /**
   * Removes it from the client's own list. Never rejects: a login finds what is left over.
   *
   * @param wasWrittenTo whether the service has messages for the client by name: its first login still has to find it
   */
  unlist(clientId: string, subscription: ListedSubscription, wasWrittenTo: boolean): Promise<void>;
}

/**
 * Begins and ends subscriptions to a service. The client's own list is written first and cleared last, so a crash in
 * between leaves a row too many there, which the next login finds.
 */
export class Subscribing {
  readonly #state: ConversationState;
  readonly #service: ServiceState;
  readonly #delivery: Delivery;
  readonly #host: SubscribingHost;

  constructor(state: ConversationState, service: ServiceState, delivery: Delivery, host: SubscribingHost) {
    this.#state = state;
    this.#service = service;
    this.#delivery = delivery;
    this.#host = host;
  }

  /** @param exceptSession the session that asks, and is subscribed to the conversation already */
  async subscribe(clientId: string, exceptSession: string | undefined): Promise<undefined | Refused> {
    if (this.#isBlocked(clientId)) return BLOCKED;
    const { subscribers, views } = this.#service;
    const { id: conversationId } = this.#state.facts;
    const known = subscribers.since(clientId);
    // What is broadcast later in this very millisecond is for the client.
    const since = known ?? Math.max(this.#host.now() - 1, this.#state.log.end);
    await this.#host.list(clientId, { conversationId, since }, exceptSession);
    if (known !== undefined) {
      // The sessions at a relay may not have heard of it. Another command may have ended it meanwhile.
      if (subscribers.has(clientId)) this.#delivery.addToAudience(clientId);
      return undefined;
    }
    if (this.#isBlocked(clientId)) return BLOCKED; // meanwhile; its next login removes it from its own list
    // What was broadcast meanwhile came before the subscription.
    const end = views.audiences.endOf(SUBSCRIBERS, Number.MAX_SAFE_INTEGER);
    subscribers.add([{ clientId, since: Math.max(since, end) }]);
    // The client's sessions hear broadcasts from here on; those before this are no gap for them.
    this.#delivery.addToAudience(clientId);
    return undefined;
  }

  #isBlocked(clientId: string): boolean {
    return this.#state.permissions.blacklist.has(clientId);
  }

  async unsubscribe(clientId: string): Promise<undefined> {
    const { subscribers, readers, views } = this.#service;
    const since = subscribers.since(clientId);
    // The sessions may not have heard the last time.
    this.#delivery.removeFromAudience([clientId]);
    if (since === undefined) return undefined;
    subscribers.remove(clientId, readers.isImported);
    const subscription = { conversationId: this.#state.facts.id, since };
    const wasWrittenTo = views.audiences.endOf(clientId, Number.MAX_SAFE_INTEGER) > 0;
    await this.#host.unlist(clientId, subscription, wasWrittenTo);
    return undefined;
  }

  /** Takes over subscribers of another service, which are on their own lists already. */
  import(subscribers: readonly Subscriber[]): SubscriberImport[] {
    return importSubscribers(this.#service, (clientId) => this.#isBlocked(clientId), subscribers);
  }

  /** Ends the subscriptions of some clients in this turn; their own lists follow. */
  end(clientIds: readonly string[]): void {
    for (const clientId of clientIds) void this.unsubscribe(clientId);
  }
}
