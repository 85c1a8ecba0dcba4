import { LOG_ROWS } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { COLUMNS, RECEIPT, type Row, timeOfRowBefore, toMessage } from "./message-rows.ts";
import type { ReadableFrom } from "./readable-from.ts";
import { VISIBLE_FROM_OTHERS } from "./visibility.ts";

/** The messages of the log that a client can see and that others sent. A search in a long range reads its newest rows. */
export class MessagesFromOthers {
  readonly #sql: Sql;
  readonly #readableFrom: ReadableFrom;

  constructor(sql: Sql, readableFrom: ReadableFrom) {
    this.#sql = sql;
    this.#readableFrom = readableFrom;
  }

  /** The newest messages in (after, upTo], oldest first, and whether older ones were left out (Y-02). */
  newest(
    clientId: string,
    after: number,
    upTo: number,
    limit: number,
  ): { messages: MessageRecord[]; more: boolean } {
    const wanted = this.#readable(after);
    const from = this.#searchedFrom(wanted, upTo);
    const rows = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${VISIBLE_FROM_OTHERS} ` +
          "ORDER BY timestamp DESC LIMIT ?",
        from,
        upTo,
        clientId,
        clientId,
        limit + 1,
      )
      .toArray();
    const more = rows.length > limit || from > wanted;
    return { messages: rows.slice(0, limit).reverse().map(toMessage), more };
  }

  /** The newest messages in (after, upTo] that ask for a receipt, oldest first. */
  askingForReceipt(clientId: string, after: number, upTo: number, limit: number): MessageRecord[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${VISIBLE_FROM_OTHERS} AND flags & ? ` +
          "ORDER BY timestamp DESC LIMIT ?",
        this.#searchedFrom(this.#readable(after), upTo),
        upTo,
        clientId,
        clientId,
        RECEIPT,
        limit,
      )
      .toArray()
      .reverse()
      .map(toMessage);
  }

  /**
   * A time after `start` up to which there is no such message: the timestamp of the oldest one since, or the end of the
   * rows searched. Undefined if there is none.
   */
  next(clientId: string, start: number): number | undefined {
    const after = this.#readable(start);
    const [end] = this.#sql
      .exec<{ timestamp: number }>(
        "SELECT timestamp FROM messages WHERE timestamp > ? ORDER BY timestamp LIMIT 1 OFFSET ?",
        after,
        LOG_ROWS,
      )
      .toArray();
    const [row] = this.#sql
      .exec<{ timestamp: number }>(
        `SELECT timestamp FROM messages WHERE timestamp > ? AND timestamp < ? AND ${VISIBLE_FROM_OTHERS} ORDER BY timestamp LIMIT 1`,
        after,
        end?.timestamp ?? Number.MAX_SAFE_INTEGER,
        clientId,
        clientId,
      )
      .toArray();
    return row?.timestamp ?? end?.timestamp;
  }

  /** A time after which messages are looked for: there, or where those begin that may be read. */
  #readable(after: number): number {
    return Math.max(after, this.#readableFrom.time - 1);
  }

  #searchedFrom(after: number, upTo: number): number {
    return Math.max(after, timeOfRowBefore(this.#sql, "timestamp", upTo, LOG_ROWS));
  }
}
