const CONVERSATIONS = 2_000;
const NOTICES = 16; // of one conversation: more than are on their way at a time

/**
 * Which notices a session was told, by conversation and time: each once, however often it comes. One that waits until
 * D1 has heard of its change may come after a later one, so what is older than the newest is not known by that alone.
 */
export class Noticed {
  readonly #told = new Map<string, { floor: number; times: Set<number> }>();
  readonly #isInUse: (conversationId: string) => boolean;

  /** @param isInUse whether what was told of a conversation must not be forgotten for want of room */
  constructor(isInUse: (conversationId: string) => boolean) {
    this.#isInUse = isInUse;
  }

  /** Whether it was told, or is too old to say. */
  has(conversationId: string, at: number): boolean {
    const told = this.#told.get(conversationId);
    return told !== undefined && (at <= told.floor || told.times.has(at));
  }

  add(conversationId: string, at: number): void {
    const told = this.#told.get(conversationId) ?? { floor: 0, times: new Set<number>() };
    told.times.add(at);
    if (told.times.size > NOTICES) {
      told.floor = Math.min(...told.times);
      told.times.delete(told.floor);
    }
    this.#told.delete(conversationId);
    this.#told.set(conversationId, told);
    if (this.#told.size <= CONVERSATIONS) return;
    for (const oldest of this.#told.keys()) {
      if (this.#isInUse(oldest)) continue;
      this.#told.delete(oldest);
      return;
    }
  }
}
