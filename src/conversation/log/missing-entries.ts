import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { COLUMNS, type Row, toMessage } from "./message-rows.ts";

/** How far a copy of a log is: the times of the newest message and of the newest patch that it has. */
interface Copy {
  timestamp: number;
  patchedAt: number;
}

/** What a copy of the log lacks. */
export class MissingEntries {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Time of the oldest entry that a copy lacks; undefined if it lacks none. */
  firstFrom(copy: Copy): number | undefined {
    const { message, patch } = this.#sql
      .exec<{ message: number | null; patch: number | null }>(
        "SELECT (SELECT min(timestamp) FROM messages WHERE timestamp > ?) AS message, " +
          "(SELECT min(patched_at) FROM messages WHERE patched_at > ?) AS patch",
        copy.timestamp,
        copy.patchedAt,
      )
      .one();
    return message !== null && patch !== null ? Math.min(message, patch) : (message ?? patch ?? undefined);
  }

  /** The messages that a copy lacks; a patched message counts at the time of its last patch. */
  from(copy: Copy, limit: number): MessageRecord[] {
    const added = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND patched_at IS NULL ORDER BY timestamp LIMIT ?`,
        copy.timestamp,
        limit,
      )
      .toArray()
      .map(toMessage);
    const patched = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE patched_at > ? ORDER BY patched_at LIMIT ?`,
        copy.patchedAt,
        limit,
      )
      .toArray()
      .map(toMessage);
    return [...added, ...patched]
      .sort((a, b) => (a.patchedAt ?? a.timestamp) - (b.patchedAt ?? b.timestamp))
      .slice(0, limit);
  }
}
