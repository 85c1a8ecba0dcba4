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

/** The sessions that hear the broadcasts of a service. */
type Audience = Pick<Delivery, "addToAudience" | "removeFromAudience">;

/**
 * Begins and ends subscriptions to a service. The client's own list is written first and cleared last, so a crash in
 * between leaves a row too many there, which the next login finds. A client's changes are made one at a time: a list
 * that is still being cleared of one subscription would lose the next one, which may have begun in the same millisecond.
 */
export class Subscribing {
  readonly #state: ConversationState;
  readonly #service: ServiceState;
  readonly #delivery: Audience;
  readonly #host: SubscribingHost;
  /** The last change of each client that has one under way. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(state: ConversationState, service: ServiceState, delivery: Audience, host: SubscribingHost) {
    this.#state = state;
    this.#service = service;
    this.#delivery = delivery;
    this.#host = host;
  }

  /** @param exceptSession the session that asks, and is subscribed to the conversation already */
  subscribe(clientId: string, exceptSession: string | undefined): Promise<undefined | Refused> {
    return this.#inTurn(clientId, () => this.#subscribe(clientId, exceptSession));
  }

  async #subscribe(clientId: string, exceptSession: string | undefined): Promise<undefined | Refused> {
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

  unsubscribe(clientId: string): Promise<undefined> {
    return this.#inTurn(clientId, async () => {
      const since = this.#remove(clientId);
      if (since !== undefined) await this.#unlist(clientId, since);
      return undefined;
    });
  }

  /** Returns when the subscription began (ms); undefined if there was none. */
  #remove(clientId: string): number | undefined {
    const { subscribers, readers } = this.#service;
    const since = subscribers.since(clientId);
    // The sessions may not have heard the last time.
    this.#delivery.removeFromAudience([clientId]);
    if (since !== undefined) subscribers.remove(clientId, readers.isImported);
    return since;
  }

  #unlist(clientId: string, since: number): Promise<void> {
    const wasWrittenTo = this.#service.views.audiences.endOf(clientId, Number.MAX_SAFE_INTEGER) > 0;
    return this.#host.unlist(clientId, { conversationId: this.#state.facts.id, since }, wasWrittenTo);
  }

  /** Makes a change of a client after those before it, and in this turn if none is under way. */
  async #inTurn<Outcome>(clientId: string, change: () => Promise<Outcome>): Promise<Outcome> {
    const last = this.#last.get(clientId);
    const made = last === undefined ? change() : last.then(change, change);
    this.#last.set(clientId, made);
    try {
      return await made;
    } finally {
      if (this.#last.get(clientId) === made) this.#last.delete(clientId);
    }
  }

  /** Takes over subscribers of another service, which are on their own lists already. */
  import(subscribers: readonly Subscriber[]): SubscriberImport[] {
    return importSubscribers(this.#service, (clientId) => this.#isBlocked(clientId), subscribers);
  }

  /** Ends the subscriptions of some clients in this turn; their own lists follow. */
  end(clientIds: readonly string[]): void {
    for (const clientId of clientIds) {
      const since = this.#remove(clientId);
      if (since !== undefined) void this.#inTurn(clientId, () => this.#unlist(clientId, since));
    }
  }
}
