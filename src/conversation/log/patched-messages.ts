import { LOG_ROWS } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { COLUMNS, DELETED, type Row, timeOfRowBefore, toColumns, toMessage } from "./message-rows.ts";
import type { ReadableFrom } from "./readable-from.ts";
import { VISIBLE_TO } from "./visibility.ts";

/** The messages of a log that were edited, recalled or deleted: each change is an entry at a time of its own. */
export class PatchedMessages {
  readonly #sql: Sql;
  readonly #readableFrom: ReadableFrom;
  readonly #changed: () => void;
  #lastAt: number;

  /** @param changed is called after each change */
  constructor(sql: Sql, readableFrom: ReadableFrom, changed: () => void) {
    this.#sql = sql;
    this.#readableFrom = readableFrom;
    this.#changed = changed;
    const { last } = sql
      .exec<{ last: number | null }>(
        "SELECT max(patched_at) AS last FROM messages WHERE patched_at IS NOT NULL",
      )
      .one();
    this.#lastAt = last ?? 0;
  }

  /** Time of the newest change (ms), 0 before the first. */
  get lastAt(): number {
    return this.#lastAt;
  }

  /** Rewrites a message in its place; its `patchedAt` is after the end (M-14, M-22). */
  rewrite(message: MessageRecord & { patchedAt: number }): void {
    this.#sql.exec(
      "UPDATE messages SET content = ?, mentions = ?, recipients = ?, flags = ?, patched_at = ?, " +
        "push_data = iif(?, NULL, push_data) WHERE timestamp = ?",
      ...toColumns(message),
      message.patchedAt,
      message.recalled ? 1 : 0,
      message.timestamp,
    );
    this.#lastAt = message.patchedAt;
    this.#changed();
  }

  /**
   * Deletes a message's content for good and keeps its timestamp and token, so that a repeated send is still answered
   * as accepted (I3). The deletion is an entry of its own at `at`, which is after the end.
   */
  delete(timestamp: number, at: number): void {
    this.#sql.exec(
      "UPDATE messages SET content = '', mentions = NULL, recipients = NULL, address = NULL, flags = ?, " +
        "patched_at = ?, push_data = NULL WHERE timestamp = ?",
      DELETED,
      at,
      timestamp,
    );
    this.#lastAt = at;
    this.#changed();
  }

  /** Messages edited, recalled or deleted after a time, in order of their last change (M-19). */
  after(time: number, limit: number): MessageRecord[] {
    if (time >= this.#lastAt) return [];
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE patched_at > ? ORDER BY patched_at LIMIT ?`,
        time,
        limit,
      )
      .toArray()
      .map(toMessage);
  }

  /** The latest edits and recalls after a time that a client may see, in the same order. */
  lastVisibleAfter(clientId: string, time: number, limit: number): MessageRecord[] {
    if (time >= this.#lastAt) return [];
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE patched_at > ? AND ${VISIBLE_TO} ORDER BY patched_at DESC LIMIT ?`,
        Math.max(time, timeOfRowBefore(this.#sql, "patched_at", this.#lastAt, LOG_ROWS)),
        this.#readableFrom.time,
        clientId,
        clientId,
        limit,
      )
      .toArray()
      .reverse()
      .map(toMessage);
  }
}
