import type { ConversationSubscription } from "./conversation-subscription.ts";

/**
 * A session's links by conversation. Those that are open stand in the order of their use, so that finding the one
 * that gives way takes no look at the others (L4).
 */
export class SubscriptionTable {
  readonly #links = new Map<string, ConversationSubscription>();
  /** Open links, the least recently used first; some may have closed or broken meanwhile. */
  readonly #byUse = new Set<ConversationSubscription>();
  /** Asked to go, and not gone yet. */
  readonly #leaving = new Set<ConversationSubscription>();
  readonly #opening = new Set<ConversationSubscription>();
  readonly #changed: (by: number) => void;

  /** @param changed so many more links are held, or fewer */
  constructor(changed: (by: number) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#links.size;
  }

  /** Links that were never open yet, or broke and are being opened again. */
  get opening(): number {
    return this.#opening.size;
  }

  get(conversationId: string): ConversationSubscription | undefined {
    return this.#links.get(conversationId);
  }

  has(conversationId: string): boolean {
    return this.#links.has(conversationId);
  }

  values(): Iterable<ConversationSubscription> {
    return this.#links.values();
  }

  add(link: ConversationSubscription): void {
    this.#links.set(link.conversationId, link);
    this.#opening.add(link);
    this.#changed(1);
  }

  /** The link is open, perhaps again. */
  opened(link: ConversationSubscription): void {
    this.#opening.delete(link);
    this.#leaving.delete(link);
    this.#byUse.add(link);
  }

  /** The link broke: it is to be opened again, now or later. */
  reopening(link: ConversationSubscription): void {
    if (this.#links.get(link.conversationId) !== link) return;
    this.#byUse.delete(link);
    this.#leaving.delete(link);
    this.#opening.add(link);
  }

  /** Links that failed twice and wait. */
  get paused(): number {
    let count = 0;
    for (const link of this.#opening) if (link.isPaused) count += 1;
    return count;
  }

  used(link: ConversationSubscription, now: number): void {
    link.lastUsedAt = now;
    if (this.#byUse.delete(link)) this.#byUse.add(link);
  }

  remove(link: ConversationSubscription): void {
    if (this.#links.get(link.conversationId) === link) {
      this.#links.delete(link.conversationId);
      this.#changed(-1);
    }
    for (const set of [this.#byUse, this.#leaving, this.#opening]) set.delete(link);
  }

  clear(): void {
    this.#changed(-this.#links.size);
    for (const collection of [this.#links, this.#byUse, this.#leaving, this.#opening]) collection.clear();
  }

  /**
   * Asks the least recently used links to go until there is room for so many more. What is still opening cannot give
   * way, and is counted again when it is open; those already asked to go count as gone.
   *
   * @param usedBefore ms: links used since then stay
   */
  makeRoom(more: number, limit: number, usedBefore: number): void {
    let excess = this.#links.size - this.#leaving.size + more - limit;
    for (const link of this.#byUse) {
      if (excess <= 0 || link.lastUsedAt >= usedBefore) return;
      this.#byUse.delete(link);
      if (!link.canUnsubscribe) continue;
      this.#leaving.add(link);
      excess -= 1;
      link.unsubscribe();
    }
  }
}
