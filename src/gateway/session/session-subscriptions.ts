import { CatchUpQueue } from "./catch-up-queue.ts";
import { ConversationSubscription } from "./conversation-subscription.ts";

/**
 * The conversations of a session: each is being caught up on, or has a subscription. The open subscriptions are in the
 * order of their use, so that the one to evict is found without looking at the others (L4).
 */
export class SessionSubscriptions {
  readonly #conversations = new Map<string, CatchUpQueue | ConversationSubscription>();
  #catchUpCount = 0;
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

  /** The number of subscriptions. */
  get size(): number {
    return this.#conversations.size - this.#catchUpCount;
  }

  /** Subscriptions that have not been open yet, or broke and are being opened again. */
  get opening(): number {
    return this.#opening.size;
  }

  /** Whether the device has everything up to now, as far as subscriptions are not just opening. */
  get hasEverything(): boolean {
    return this.#catchUpCount === 0 && this.paused === 0;
  }

  /** The number of subscriptions that failed twice and wait. */
  get paused(): number {
    let count = 0;
    for (const subscription of this.#opening) if (subscription.isPaused) count += 1;
    return count;
  }

  /** Whether commands wait for a catch-up, or for a subscription. */
  get isWaiting(): boolean {
    return (
      this.subscriptions().some((subscription) => subscription.hasWaiting) ||
      this.catchUps().some((catchUp) => catchUp.hasFrames)
    );
  }

  get(conversationId: string): CatchUpQueue | ConversationSubscription | undefined {
    return this.#conversations.get(conversationId);
  }

  hasSubscription(conversationId: string): boolean {
    return this.get(conversationId) instanceof ConversationSubscription;
  }

  subscriptions(): ConversationSubscription[] {
    return [...this.#conversations.values()].filter((one) => one instanceof ConversationSubscription);
  }

  catchUps(): CatchUpQueue[] {
    return [...this.#conversations.values()].filter((one) => one instanceof CatchUpQueue);
  }

  /** The session is being caught up on a conversation, to which it has no subscription. */
  addCatchUp(conversationId: string, catchUp: CatchUpQueue): void {
    this.#catchUpCount += 1;
    this.#conversations.set(conversationId, catchUp);
  }

  removeCatchUp(conversationId: string): void {
    this.#catchUpCount -= 1;
    this.#conversations.delete(conversationId);
  }

  addSubscription(subscription: ConversationSubscription): void {
    this.#conversations.set(subscription.conversationId, subscription);
    this.#opening.add(subscription);
    this.#onSizeChange(1);
  }

  /** The subscription is open, perhaps again. */
  opened(subscription: ConversationSubscription): void {
    if (this.get(subscription.conversationId) !== subscription) return;
    this.#opening.delete(subscription);
    this.#evicting.delete(subscription);
    this.#byUse.add(subscription);
  }

  /** The subscription broke and will be opened again, now or later. */
  reopening(subscription: ConversationSubscription): void {
    if (this.get(subscription.conversationId) !== subscription) return;
    this.#byUse.delete(subscription);
    this.#evicting.delete(subscription);
    this.#opening.add(subscription);
  }

  used(subscription: ConversationSubscription): void {
    if (this.#byUse.delete(subscription)) this.#byUse.add(subscription);
  }

  removeSubscription(subscription: ConversationSubscription): void {
    if (this.get(subscription.conversationId) === subscription) {
      this.#conversations.delete(subscription.conversationId);
      this.#onSizeChange(-1);
    }
    for (const set of [this.#byUse, this.#evicting, this.#opening]) set.delete(subscription);
  }

  clear(): void {
    this.#onSizeChange(-this.size);
    this.#catchUpCount = 0;
    for (const collection of [this.#conversations, this.#byUse, this.#evicting, this.#opening])
      collection.clear();
  }

  /**
   * Evicts the least recently used subscriptions until there is room for this many more, those by which the session is
   * present last. One that is opening cannot be evicted, and counts again once it is open. Those being evicted count as
   * closed.
   */
  makeRoom(more: number, limit: number): void {
    let excess = this.size - this.#evicting.size + more - limit;
    if (excess <= 0) return;
    const byUse = [...this.#byUse];
    const present = byUse.filter(({ isPresent }) => isPresent);
    for (const subscription of [...byUse.filter(({ isPresent }) => !isPresent), ...present]) {
      if (excess <= 0) return;
      // The session would no longer hear what is said there (L1.4).
      if (subscription.isPresent) continue;
      this.#byUse.delete(subscription);
      if (!subscription.isOpen) continue;
      this.#evicting.add(subscription);
      excess -= 1;
      subscription.evict();
    }
  }
}
