const CONVERSATIONS = 2_000;
const NOTICES = 16; // per conversation: more than are in flight at a time

/**
 * The notices that a session received, by conversation and time, so that each is delivered once although it may arrive
 * more often. A notice that waits for D1 to store its change may arrive after a later one, so the time of the newest
 * notice does not tell whether an older one was delivered.
 */
export class DeliveredNotices {
  readonly #delivered = new Map<string, { floor: number; times: Set<number> }>();
  readonly #isInUse: (conversationId: string) => boolean;

  /** @param isInUse whether the notices of a conversation must be kept although there are too many conversations */
  constructor(isInUse: (conversationId: string) => boolean) {
    this.#isInUse = isInUse;
  }

  /** Whether the notice was delivered, or is so old that this is no longer known. */
  has(conversationId: string, at: number): boolean {
    const delivered = this.#delivered.get(conversationId);
    return delivered !== undefined && (at <= delivered.floor || delivered.times.has(at));
  }

  add(conversationId: string, at: number): void {
    const delivered = this.#delivered.get(conversationId) ?? { floor: 0, times: new Set<number>() };
    delivered.times.add(at);
    if (delivered.times.size > NOTICES) {
      delivered.floor = Math.min(...delivered.times);
      delivered.times.delete(delivered.floor);
    }
    this.#delivered.delete(conversationId);
    this.#delivered.set(conversationId, delivered);
    if (this.#delivered.size <= CONVERSATIONS) return;
    for (const oldest of this.#delivered.keys()) {
      if (this.#isInUse(oldest)) continue;
      this.#delivered.delete(oldest);
      return;
    }
  }
}
