/** Messages from others in a range of the log. */
export interface Counted {
  count: number;
  /** Timestamp of the last one that mentions the client; 0 if none does. */
  mentionedAt: number;
  /** Everything after it was counted; later than requested if that would have been too much. */
  from: number;
}

interface Known extends Counted {
  readAt: number;
  upTo: number;
}

/** Clients whose counts are remembered: as many as a conversation can have members. */
const CLIENTS_MAX = 10_000;

/**
 * Unread counts by client. New messages are added to a known count and read ones subtracted, so that no message is
 * counted twice (I5).
 */
export class UnreadCountCache {
  readonly #count: (clientId: string, after: number, upTo: number) => Counted;
  readonly #known = new Map<string, Known>();

  /** @param count counts messages in (after, upTo], up to its own limit */
  constructor(count: (clientId: string, after: number, upTo: number) => Counted) {
    this.#count = count;
  }

  /** Number of messages from others in (readAt, head], and whether one of them mentions the client. */
  of(clientId: string, readAt: number, head: number): { count: number; mentioned: boolean } {
    const known = this.#advanced(clientId, readAt, head) ?? this.#count(clientId, readAt, head);
    if (!this.#known.has(clientId) && this.#known.size >= CLIENTS_MAX) this.#known.clear();
    this.#known.set(clientId, { ...known, readAt, upTo: head });
    return { count: known.count, mentioned: known.mentionedAt > readAt };
  }

  /** A message was changed, so counts and mentions may differ. */
  forget(): void {
    this.#known.clear();
  }

  /** The count derived from a known one; undefined if that is not possible. */
  #advanced(clientId: string, readAt: number, head: number): Counted | undefined {
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
