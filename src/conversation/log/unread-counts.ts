import { COUNTED_BYTES, COUNTED_ROWS, UNREAD_ROWS } from "../../bounds.ts";
import type { Sql } from "../../sql.ts";
import { MENTION_ALL, timeOfRowBefore } from "./message-rows.ts";
import type { ReadableFrom } from "./readable-from.ts";
import { VISIBLE_FROM_OTHERS } from "./visibility.ts";

/** Messages from others in a range of the log. */
interface Counted {
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
 * Unread counts by client. `Log.unread` asks for them: for `catchUp` after a login, for `unreadOf`, which makes the
 * `unread` event, and for `Conversation.unread`, a client's count over HTTP. They are exact (I5) unless the log has
 * more than ten thousand messages in the range; then only the newest ten thousand are counted. Counts up to the head
 * are remembered: new messages are added to a known count and read ones subtracted, so that no message is counted
 * twice.
 */
export class UnreadCounts {
  readonly #sql: Sql;
  readonly #readableFrom: ReadableFrom;
  readonly #known = new Map<string, Known>();

  constructor(sql: Sql, readableFrom: ReadableFrom) {
    this.#sql = sql;
    this.#readableFrom = readableFrom;
  }

  /** Number of messages from others in (cursor, upTo], and whether one of them mentions the client. */
  of(clientId: string, cursor: number, upTo: number, head: number): { count: number; mentioned: boolean } {
    // What may not be read any more is not unread.
    const readAt = Math.max(cursor, this.#readableFrom.time - 1);
    if (upTo >= head) return this.#upToHead(clientId, readAt, head);
    const { count, mentionedAt } = this.#count(clientId, readAt, upTo);
    return { count, mentioned: mentionedAt > readAt };
  }

  #upToHead(clientId: string, readAt: number, head: number): { count: number; mentioned: boolean } {
    const known = this.#advanced(clientId, readAt, head) ?? this.#count(clientId, readAt, head);
    if (!this.#known.has(clientId) && this.#known.size >= CLIENTS_MAX) this.#known.clear();
    this.#known.set(clientId, { ...known, readAt, upTo: head });
    return { count: known.count, mentioned: known.mentionedAt > readAt };
  }

  /** A message was changed, or rows were deleted, so counts and mentions may differ. */
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
      if (more.from > known.upTo) return more; // the limit was reached: the known count lies before it
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

  /** Counts in several statements: only the last mention matters, and some messages mention many. */
  #count(clientId: string, after: number, upTo: number): Counted {
    const counted: Counted = { count: 0, mentionedAt: 0, from: upTo };
    let bytes = 0;
    for (let rows = 0; rows < UNREAD_ROWS && bytes < COUNTED_BYTES; rows += COUNTED_ROWS) {
      if (counted.from <= after) break;
      const from = Math.max(after, timeOfRowBefore(this.#sql, "timestamp", counted.from, COUNTED_ROWS));
      const part = this.#sql
        .exec<{ count: number; mentioned_at: number | null; bytes: number | null }>(
          `SELECT count(*) FILTER (WHERE ${VISIBLE_FROM_OTHERS}) AS count, max(timestamp) FILTER (WHERE ${VISIBLE_FROM_OTHERS} AND ` +
            `${counted.mentionedAt > 0 ? "FALSE AND" : ""} (flags & ${MENTION_ALL} OR instr(mentions, ?) AND ` +
            "? IN (SELECT value FROM json_each(mentions)))) AS mentioned_at, " +
            "sum(coalesce(octet_length(mentions), 0) + coalesce(octet_length(recipients), 0)) AS bytes " +
            "FROM messages WHERE timestamp > ? AND timestamp <= ?",
          clientId,
          clientId,
          clientId,
          clientId,
          JSON.stringify(clientId),
          clientId,
          from,
          counted.from,
        )
        .one();
      counted.count += part.count;
      counted.mentionedAt = Math.max(counted.mentionedAt, part.mentioned_at ?? 0);
      counted.from = from;
      bytes += part.bytes ?? 0;
    }
    counted.from = Math.max(counted.from, after);
    return counted;
  }
}
