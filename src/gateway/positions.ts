import type { LogPosition } from "../protocol/link-records.ts";

const LIMIT = 2_000; // conversations

/**
 * Up to where a session has seen each conversation: the timestamp of the last stored message it was delivered,
 * or was told of by a catch-up (L6). None is kept of conversations it has seen nothing of.
 */
export class Positions {
  readonly #marks = new Map<string, number>();
  readonly #isInUse: (conversationId: string) => boolean;

  /** @param isInUse whether a conversation's mark must not be forgotten for want of room */
  constructor(isInUse: (conversationId: string) => boolean) {
    this.#isInUse = isInUse;
  }

  at(conversationId: string): number | undefined {
    return this.#marks.get(conversationId);
  }

  /** Moves a mark forward, never back. A mark of 0 is one too: everything is still to come. */
  advance(conversationId: string, timestamp: number): void {
    if (timestamp <= (this.at(conversationId) ?? -1)) return;
    this.#marks.delete(conversationId);
    this.#marks.set(conversationId, timestamp);
    if (this.#marks.size <= LIMIT) return;
    for (const oldest of this.#marks.keys()) {
      if (this.#isInUse(oldest)) continue;
      this.#marks.delete(oldest);
      return;
    }
  }

  /** Whether a message was seen already, comes next, or comes after one that never arrived. */
  place(conversationId: string, { timestamp, previous }: LogPosition): "seen" | "next" | "gap" {
    const mark = this.at(conversationId);
    if (mark === undefined) return "next";
    if (timestamp <= mark) return "seen";
    return previous > mark ? "gap" : "next";
  }
}
