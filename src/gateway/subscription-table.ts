import type { ConversationSubscription } from "./conversation-subscription.ts";

/**
 * The subscriptions of a session by conversation. The open ones are in the order of their use, so that the one to evict
 * is found without looking at the others (L4).
 */
export class SubscriptionTable {
  readonly #subscriptions = new Map<string, ConversationSubscription>();
  /** Open subscriptions, the least recently used first. Some may have closed or broken meanwhile. */
  readonly #byUse = new Set<ConversationSubscription>();
  /** Being evicted, and not closed yet. */
  readonly #evicting = new Set<ConversationSubscription>();
  readonly #opening = new Set<ConversationSubscription>();
  readonly #onSizeChange: (by: number) => void;

  /** @param onSizeChange called with the change of the number of subscriptions */
  constructor(onSizeChange: (by: number) => void) {
    this.#onSizeChange = onSizeChange;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Subscriptions that have not been open yet, or broke and are being opened again. */
  get opening(): number {
    return this.#opening.size;
  }

  get(conversationId: string): ConversationSubscription | undefined {
    return this.#subscriptions.get(conversationId);
  }

  has(conversationId: string): boolean {
    return this.#subscriptions.has(conversationId);
  }

  values(): Iterable<ConversationSubscription> {
    return this.#subscriptions.values();
  }

  add(subscription: ConversationSubscription): void {
    this.#subscriptions.set(subscription.conversationId, subscription);
    this.#opening.add(subscription);
    this.#onSizeChange(1);
  }

  /** The subscription is open, perhaps again. */
  opened(subscription: ConversationSubscription): void {
    this.#opening.delete(subscription);
    this.#evicting.delete(subscription);
    this.#byUse.add(subscription);
  }

  /** The subscription broke and will be opened again, now or later. */
  reopening(subscription: ConversationSubscription): void {
    if (this.#subscriptions.get(subscription.conversationId) !== subscription) return;
    this.#byUse.delete(subscription);
    this.#evicting.delete(subscription);
    this.#opening.add(subscription);
  }

  /** The number of subscriptions that failed twice and wait. */
  get paused(): number {
    let count = 0;
    for (const subscription of this.#opening) if (subscription.isPaused) count += 1;
    return count;
  }

  used(subscription: ConversationSubscription, now: number): void {
    subscription.lastUsedAt = now;
    if (this.#byUse.delete(subscription)) this.#byUse.add(subscription);
  }

  remove(subscription: ConversationSubscription): void {
    if (this.#subscriptions.get(subscription.conversationId) === subscription) {
      this.#subscriptions.delete(subscription.conversationId);
      this.#onSizeChange(-1);
    }
    for (const set of [this.#byUse, this.#evicting, this.#opening]) set.delete(subscription);
  }

  clear(): void {
    this.#onSizeChange(-this.#subscriptions.size);
    for (const collection of [this.#subscriptions, this.#byUse, this.#evicting, this.#opening])
      collection.clear();
  }

  /**
   * Evicts the least recently used subscriptions until there is room for this many more. One that is opening cannot be
   * evicted, and counts again once it is open. Those being evicted count as closed.
   *
   * @param usedBefore ms: subscriptions used since then stay
   */
  makeRoom(more: number, limit: number, usedBefore: number): void {
    let excess = this.#subscriptions.size - this.#evicting.size + more - limit;
    for (const subscription of this.#byUse) {
      if (excess <= 0 || subscription.lastUsedAt >= usedBefore) return;
      this.#byUse.delete(subscription);
      if (!subscription.canUnsubscribe) continue;
      this.#evicting.add(subscription);
      excess -= 1;
      subscription.unsubscribe();
    }
  }
}
