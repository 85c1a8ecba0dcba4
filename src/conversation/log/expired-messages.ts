import type { Sql } from "../../sql.ts";
import { DELETED } from "./message-rows.ts";

/** The times of a log's newest message and newest patch. */
interface Ends {
  head: number;
  patchedAt: number;
}

/** Rows that were deleted: whom they were for, where that is not everybody, and the time of the last one (ms). */
export interface DeletedRows {
  count: number;
  /** Names of clients: authors and recipients. */
  clients: Set<string>;
  upTo: number;
  /** Whether no row is left that was to be deleted. */
  isComplete: boolean;
}

/**
 * Deletes rows of messages that are older than messages are kept. The rows of the newest message and of the newest patch
 * stay, with nothing of the message in them: they say how far the log has got.
 */
export class ExpiredMessages {
  readonly #sql: Sql;
  readonly #ends: () => Ends;
  readonly #changed: () => void;

  /** @param changed is called after rows were deleted */
  constructor(sql: Sql, ends: () => Ends, changed: () => void) {
    this.#sql = sql;
    this.#ends = ends;
    this.#changed = changed;
  }

  /** The time (ms) of the oldest row that could be deleted; undefined if there is none. */
  get oldest(): number | undefined {
    const { head, patchedAt } = this.#ends();
    const [row] = this.#sql
      .exec<{ timestamp: number }>(
        `SELECT timestamp FROM messages WHERE NOT (${IS_END} AND flags & ${DELETED}) ORDER BY timestamp LIMIT 1`,
        head,
        patchedAt,
      )
      .toArray();
    return row?.timestamp;
  }

  /** Deletes the oldest rows before a time (ms), at most so many. */
  delete(before: number, limit: number): DeletedRows {
    const { head, patchedAt } = this.#ends();
    const rows = this.#sql
      .exec<{ timestamp: number; sender: string; recipients: string | null }>(
        `SELECT timestamp, sender, recipients FROM messages WHERE timestamp < ? AND NOT ${IS_END} ` +
          "ORDER BY timestamp LIMIT ?",
        before,
        head,
        patchedAt,
        limit,
      )
      .toArray();
    const upTo = rows.at(-1)?.timestamp ?? 0;
    if (rows.length > 0)
      this.#sql.exec(`DELETE FROM messages WHERE timestamp <= ? AND NOT ${IS_END}`, upTo, head, patchedAt);
    const isComplete = rows.length < limit;
    if (isComplete)
      this.#sql.exec(
        "UPDATE messages SET sender = '', token = NULL, address = NULL, mentions = NULL, recipients = NULL, " +
          `content = '', push_data = NULL, flags = ${DELETED} WHERE (timestamp = ? OR patched_at = ?) AND timestamp < ? AND flags & ${DELETED} = 0`,
        head,
        patchedAt,
        before,
      );
    this.#changed();
    const named = rows.flatMap(({ sender, recipients }): string[] => [
      sender,
      ...(recipients === null ? [] : JSON.parse(recipients)),
    ]);
    return { count: rows.length, clients: new Set(named), upTo, isComplete };
  }
}

/** SQL: the row of the newest message, or of the newest patch. Bind their times. */
const IS_END = "(timestamp = ? OR patched_at IS ?)";
