/** Messages of others in a part of the log. */
export interface Counted {
  count: number;
  /** When the last of them that mentions the client was sent; 0 if none does. */
  mentionedAt: number;
  /** Everything after it was counted: later than was asked for where that was too much. */
  from: number;
}

interface Known extends Counted {
  readAt: number;
  upTo: number;
}

/** Clients whose counts are remembered: as many as a conversation can have members. */
const CLIENTS_MAX = 10_000;

/**
 * How much each client has unread, as far as it was counted already: what comes is added, what is read is taken away,
 * and nothing is counted twice (I5).
 */
export class UnreadCounts {
  readonly #count: (clientId: string, after: number, upTo: number) => Counted;
  readonly #known = new Map<string, Known>();

  /** @param count counts in the log, in (after, upTo], so much of it at most */
  constructor(count: (clientId: string, after: number, upTo: number) => Counted) {
    this.#count = count;
  }

  /** Messages of others in (readAt, head], and whether one of them mentions the client. */
  of(clientId: string, readAt: number, head: number): { count: number; mentioned: boolean } {
    const known = this.#moved(clientId, readAt, head) ?? this.#count(clientId, readAt, head);
    if (!this.#known.has(clientId) && this.#known.size >= CLIENTS_MAX) this.#known.clear();
    this.#known.set(clientId, { ...known, readAt, upTo: head });
    return { count: known.count, mentioned: known.mentionedAt > readAt };
  }

  /** A message was changed: what it counts for, and whom it mentions, may be another. */
  forget(): void {
    this.#known.clear();
  }

  /** From what is known already; undefined if that does not tell. */
  #moved(clientId: string, readAt: number, head: number): Counted | undefined {
    const known = this.#known.get(clientId);
    if (known === undefined || readAt < known.readAt || head < known.upTo) return undefined;
    if (readAt >= head) return { count: 0, mentionedAt: 0, from: readAt };
    if (readAt >= known.upTo) return undefined;
    let { count, mentionedAt, from } = known;
    if (head > known.upTo) {
      const more = this.#count(clientId, known.upTo, head);
      if (more.from > known.upTo) return more; // and all that was known is further back
      count += more.count;
      mentionedAt = Math.max(mentionedAt, more.mentionedAt);
    }
    if (readAt > from) {
      const read = this.#count(clientId, from, readAt);
      if (read.from > from) return undefined;
      count -= read.count;
      from = readAt;
    }
    return { count, mentionedAt, from };
  }
}
