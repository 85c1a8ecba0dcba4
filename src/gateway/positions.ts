import type { LogPosition } from "../protocol/link-records.ts";

const LIMIT = 2_000; // conversations

/**
 * The position of a session in the log of each conversation: the timestamp of the last stored message that the session
 * received or was caught up to (L6). A conversation of which the session has seen nothing has no position.
 */
export class Positions {
  readonly #positions = new Map<string, number>();
  readonly #isInUse: (conversationId: string) => boolean;

  /** @param isInUse whether the position of a conversation must be kept although there are too many */
  constructor(isInUse: (conversationId: string) => boolean) {
    this.#isInUse = isInUse;
  }

  at(conversationId: string): number | undefined {
    return this.#positions.get(conversationId);
  }

  /** Moves a position forward, never back. 0 is a position as well: the whole log is still to come. */
  advance(conversationId: string, timestamp: number): void {
    if (timestamp <= (this.at(conversationId) ?? -1)) return;
    this.#positions.delete(conversationId);
    this.#positions.set(conversationId, timestamp);
    if (this.#positions.size <= LIMIT) return;
    for (const oldest of this.#positions.keys()) {
      if (this.#isInUse(oldest)) continue;
      this.#positions.delete(oldest);
      return;
    }
  }

  /** Whether an entry was seen already, is the next one, or comes after one that never arrived. */
  classify(conversationId: string, { timestamp, previous }: LogPosition): "seen" | "next" | "gap" {
    const position = this.at(conversationId);
    if (position === undefined) return "next";
    if (timestamp <= position) return "seen";
    return previous > position ? "gap" : "next";
  }
}
