import { SHOWN_LATELY, type Shown } from "../protocol/shown.ts";

/** Conversations remembered: more than people read in that time, and a query names them all. */
const LIMIT = 200;

/** What a session was shown lately, of which conversations: lists must not fall behind it. */
export class ShownLately {
  readonly #shown = new Map<string, { upTo: number; changedAt: number; at: number }>();

  /**
   * @param upTo time of an entry of the log (ms)
   * @param now (ms)
   */
  entry(conversationId: string, upTo: number, now: number): void {
    this.#note(conversationId, { upTo, changedAt: 0 }, now);
  }

  /** By an answer of an object. */
  answered({ conversationId, upTo, changedAt }: Shown, now: number): void {
    this.#note(conversationId, { upTo, changedAt }, now);
  }

  /** @param changedAt time of a change of members or attributes (ms) */
  change(conversationId: string, changedAt: number, now: number): void {
    this.#note(conversationId, { upTo: 0, changedAt }, now);
  }

  /** What was shown within the last ten minutes before now (ms). */
  recent(now: number): Shown[] {
    for (const [conversationId, { at }] of this.#shown) {
      if (at < now - SHOWN_LATELY) this.#shown.delete(conversationId);
    }
    return [...this.#shown].map(([conversationId, { upTo, changedAt }]) => {
      return { conversationId, upTo, changedAt };
    });
  }

  #note(conversationId: string, { upTo, changedAt }: { upTo: number; changedAt: number }, now: number): void {
    const known = this.#shown.get(conversationId);
    if (known !== undefined && known.at === now) {
      // Of many entries at once, each is noted without finding its place anew.
      known.upTo = Math.max(upTo, known.upTo);
      known.changedAt = Math.max(changedAt, known.changedAt);
      return;
    }
    this.#shown.delete(conversationId);
    this.#shown.set(conversationId, {
      upTo: Math.max(upTo, known?.upTo ?? 0),
      changedAt: Math.max(changedAt, known?.changedAt ?? 0),
      at: now,
    });
    if (this.#shown.size <= LIMIT) return;
    const [oldest] = this.#shown.keys();
    if (oldest !== undefined) this.#shown.delete(oldest);
  }
}
