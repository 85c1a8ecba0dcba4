import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { COLUMNS, type Row, toMessage } from "./message-rows.ts";

/** A message that may be pushed, with the notification that its sender gave it (JSON). */
export interface UnpushedMessage {
  message: MessageRecord;
  pushData: string | undefined;
}

/**
 * The messages of a log that are to be pushed to offline recipients. Two columns of the log say it, so that a push that
 * a crash cut off is found again and costs no row: `push_data` of a message that is to be pushed, and `unpushed_after`
 * of the newest message. That is the time up to which everything is settled; null if everything is. What was settled
 * since then is known in memory alone, until the next message or `store` writes it.
 */
export class UnpushedMessages {
  readonly #sql: Sql;
  #after: number | undefined;
  /** The value in the newest row. */
  #stored: number | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
    const [newest] = sql
      .exec<{ unpushed_after: number | null }>(
        "SELECT unpushed_after FROM messages ORDER BY timestamp DESC LIMIT 1",
      )
      .toArray();
    this.#stored = newest?.unpushed_after ?? undefined;
    this.#after = this.#stored;
  }

  /** Pushes of messages up to this time (ms) are settled; undefined if all are. */
  get after(): number | undefined {
    return this.#after;
  }

  /**
   * The two columns of a message that is to be appended.
   *
   * @param before time of the newest message before it (ms)
   * @param pushData undefined if it is not to be pushed; empty if it is, without data of its own
   */
  columnsOf(before: number, pushData: string | undefined): [string | null, number | null] {
    const after = pushData === undefined ? this.#after : (this.#after ?? before);
    return [pushData ?? null, after ?? null];
  }

  /** A message with these columns is the newest row now. */
  appended([, after]: [string | null, number | null]): void {
    this.#after = after ?? undefined;
    this.#stored = this.#after;
  }

  /** Messages of an import are the newest now, which nothing is pushed of. */
  imported(head: number): void {
    this.#stored = undefined;
    this.store(head);
  }

  /** Times of messages to be pushed after a time (ms), oldest first. */
  timesAfter(time: number, limit: number): number[] {
    if (this.#after === undefined) return [];
    return this.#sql
      .exec<{ timestamp: number }>(
        "SELECT timestamp FROM messages WHERE timestamp > ? AND push_data IS NOT NULL ORDER BY timestamp LIMIT ?",
        Math.max(time, this.#after),
        limit,
      )
      .toArray()
      .map(({ timestamp }) => timestamp);
  }

  /** The message of a time that is to be pushed; undefined if it was recalled or deleted. */
  at(time: number): UnpushedMessage | undefined {
    const [row] = this.#sql
      .exec<Row & { push_data: string }>(
        `SELECT ${COLUMNS}, push_data FROM messages WHERE timestamp = ? AND push_data IS NOT NULL`,
        time,
      )
      .toArray();
    return row && { message: toMessage(row), pushData: row.push_data === "" ? undefined : row.push_data };
  }

  /** Everything up to a time (ms) is settled, or everything. Kept in memory: a crash repeats what is not stored. */
  settle(upTo: number | undefined): void {
    if (this.#after === undefined) return;
    this.#after = upTo === undefined ? undefined : Math.max(this.#after, upTo);
  }

  /** Stores how far it is settled, if that is not stored: a row. @param head time of the newest message (ms) */
  store(head: number): void {
    if (this.#stored === this.#after) return;
    this.#stored = this.#after;
    this.#sql.exec("UPDATE messages SET unpushed_after = ? WHERE timestamp = ?", this.#after ?? null, head);
  }
}
