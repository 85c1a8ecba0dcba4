import { LOG_ROWS } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";
import { AcceptedSends } from "./accepted-sends.ts";
import { ExpiredMessages } from "./expired-messages.ts";
import { HistoryPages } from "./history-pages.ts";
import { type ImportedMessage, type ImportOutcome, importMessages, update } from "./import-messages.ts";
import {
  COLUMNS,
  placeOf,
  type Row,
  timeOfRowBefore,
  toColumns,
  toImported,
  toMessage,
} from "./message-rows.ts";
import { MessagesFromOthers } from "./messages-from-others.ts";
import { MissingEntries } from "./missing-entries.ts";
import { PatchedMessages } from "./patched-messages.ts";
import { ReadableFrom } from "./readable-from.ts";
import { UnpushedMessages } from "./unpushed-messages.ts";
import { UnreadCounts } from "./unread-counts.ts";
import { READABLE, VISIBLE_TO } from "./visibility.ts";

/** An entry of the log: a message was added, or one was edited, recalled or deleted. */
export interface Entry {
  at: number;
  kind: "message" | "patch";
  message: MessageRecord;
  /** The session that caused it; 0 if it is not known any more. */
  origin: number;
}

/**
 * The ordered log of one conversation: the timestamp is the primary key, and one message is one row (I1, I2). It writes
 * entries and reads them in order; searches of a kind of their own are in its parts.
 */
export class Log {
  readonly accepted: AcceptedSends;
  readonly history: HistoryPages;
  readonly fromOthers: MessagesFromOthers;
  readonly missing: MissingEntries;
  readonly expired: ExpiredMessages;
  readonly patched: PatchedMessages;
  readonly unpushed: UnpushedMessages;
  /** Whatever shows messages keeps to it. Older rows serve nothing but the copy, until they are deleted. */
  readonly readableFrom = new ReadableFrom();
  readonly #unread: UnreadCounts;
  readonly #sql: Sql;
  #head: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.accepted = new AcceptedSends(sql);
    this.history = new HistoryPages(sql, this.readableFrom);
    this.fromOthers = new MessagesFromOthers(sql, this.readableFrom);
    this.missing = new MissingEntries(sql);
    this.unpushed = new UnpushedMessages(sql);
    this.expired = new ExpiredMessages(
      sql,
      () => this,
      () => this.#unread.forget(),
    );
    this.#unread = new UnreadCounts(sql, this.readableFrom);
    this.#head =
      sql.exec<{ head: number | null }>("SELECT max(timestamp) AS head FROM messages").one().head ?? 0;
    this.patched = new PatchedMessages(sql, this.readableFrom, () => this.#unread.forget());
  }

  /** Timestamp of the newest message, 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** Time of the newest edit, recall or deletion, 0 before the first. */
  get patchedAt(): number {
    return this.patched.lastAt;
  }

  /** Time of the newest entry. Messages and their changes share one clock, and no two entries have the same time. */
  get end(): number {
    return Math.max(this.#head, this.patchedAt);
  }

  /** Adds messages of another service, in the order of time; see `importMessages`. */
  import(messages: readonly ImportedMessage[]): ImportOutcome[] {
    const before = this.#head;
    const outcomes = importMessages(this.#sql, messages);
    for (const { outcome, place } of outcomes)
      if (outcome === "added") this.#head = Math.max(this.#head, place);
    if (this.#head > before) this.unpushed.imported(this.#head);
    this.#unread.forget();
    return outcomes;
  }

  /** Takes over the content of a message that is in this place with its own id, unless it was changed here. */
  importEdit(message: ImportedMessage, place: number): boolean {
    const isChanged = this.at(place)?.id === message.id && update(this.#sql, message, place) === "changed";
    if (isChanged) this.#unread.forget();
    return isChanged;
  }

  /** Says whom an imported message is for, once that is known. */
  importRecipients(place: number, recipients: string[] | undefined): void {
    const value = recipients === undefined ? null : JSON.stringify(recipients);
    this.#sql.exec("UPDATE messages SET recipients = ? WHERE timestamp = ?", value, place);
  }

  /** Timestamp of the newest message whose timestamp is none of these; 0 if there is none. */
  newestOutside(timestamps: ReadonlySet<number>): number {
    const newest = this.#sql.exec<{ timestamp: number }>(
      "SELECT timestamp FROM messages ORDER BY timestamp DESC",
    );
    for (const { timestamp } of newest) if (!timestamps.has(timestamp)) return timestamp;
    return 0;
  }

  /**
   * Appends a message whose timestamp is after the head.
   *
   * @param origin names the session that sent it
   * @param pushData its push data if it is to be pushed, empty without; undefined if it is not
   */
  append(message: MessageRecord, token: string | undefined, origin: number, pushData?: string): void {
    const pushColumns = this.unpushed.columnsOf(this.#head, pushData);
    this.#sql.exec(
      "INSERT INTO messages (timestamp, id, sender, token, origin, address, content, mentions, recipients, flags, " +
        "imported, push_data, unpushed_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message.timestamp,
      message.id,
      message.from,
      token ?? null,
      origin,
      message.address ?? null,
      ...toColumns(message),
      toImported(message),
      ...pushColumns,
    );
    this.unpushed.appended(pushColumns);
    this.#head = message.timestamp;
    if (token !== undefined) this.accepted.remember(message.from, token, message);
  }

  /** The message that was sent at exactly this time, if it has this id. */
  find(sentAt: number, id: string): MessageRecord | undefined {
    const place = this.placeOf(sentAt, id);
    return place === undefined ? undefined : this.at(place);
  }

  /** The place of a message that was sent at this time and has this id; undefined if there is none. */
  placeOf(sentAt: number, id: string): number | undefined {
    return placeOf(this.#sql, sentAt, id);
  }

  /** The message in a place; undefined if there is none, it was deleted, or it is too old. */
  at(place: number): MessageRecord | undefined {
    const [row] = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp = ? AND ${READABLE}`,
        place,
        this.readableFrom.time,
      )
      .toArray();
    return row && toMessage(row);
  }

  /** The messages in these places, oldest first, without deleted ones. */
  atAll(places: readonly number[]): MessageRecord[] {
    if (places.length === 0) return [];
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp IN (SELECT value FROM json_each(?)) AND ${READABLE} ` +
          "ORDER BY timestamp",
        JSON.stringify(places),
        this.readableFrom.time,
      )
      .toArray()
      .map(toMessage);
  }

  /** The newest message up to a time (ms), as it is named; undefined if there is none. */
  newestUpTo(time: number): { id: string; timestamp: number } | undefined {
    const [row] = this.#sql
      .exec<{ id: string; timestamp: number }>(
        "SELECT id, timestamp FROM messages WHERE timestamp BETWEEN ? AND ? ORDER BY timestamp DESC LIMIT 1",
        this.readableFrom.time,
        time,
      )
      .toArray();
    return row;
  }

  /** The session that sent the message in a place; 0 if it is not known any more. */
  originOf(place: number): number {
    const [row] = this.#sql
      .exec<{ origin: number }>("SELECT origin FROM messages WHERE timestamp = ?", place)
      .toArray();
    return row?.origin ?? 0;
  }

  /** Narrows down whom a message is for. It is no change of the message. */
  setRecipients(timestamp: number, recipients: readonly string[]): void {
    const text = JSON.stringify(recipients);
    this.#sql.exec("UPDATE messages SET recipients = ? WHERE timestamp = ?", text, timestamp);
    this.#unread.forget();
  }

  /** The places of messages after a timestamp, deleted ones included, oldest first. */
  placesAfter(timestamp: number, limit: number): { timestamp: number; from: string }[] {
    return this.#sql
      .exec<{ timestamp: number; from: string }>(
        'SELECT timestamp, sender AS "from" FROM messages WHERE timestamp > ? ORDER BY timestamp LIMIT ?',
        timestamp,
        limit,
      )
      .toArray();
  }

  /** Messages after a timestamp, oldest first, with the session that sent each and its token. */
  after(
    timestamp: number,
    limit: number,
  ): { message: MessageRecord; token: string | undefined; origin: number }[] {
    return this.#sql
      .exec<Row & { token: string | null; origin: number }>(
        `SELECT ${COLUMNS}, token, origin FROM messages WHERE timestamp > ? ORDER BY timestamp LIMIT ?`,
        timestamp,
        limit,
      )
      .toArray()
      .map((row) => ({ message: toMessage(row), token: row.token ?? undefined, origin: row.origin }));
  }

  /** Entries after a time in order: messages at their timestamp, and again at their last change. */
  entriesAfter(time: number, limit: number): Entry[] {
    const added = this.after(time, limit).map(({ message, origin }) => {
      return { at: message.timestamp, kind: "message" as const, message, origin };
    });
    const patched = this.patched.after(time, limit).map((message) => {
      return { at: message.patchedAt ?? 0, kind: "patch" as const, message, origin: 0 };
    });
    return [...added, ...patched].sort((a, b) => a.at - b.at).slice(0, limit);
  }

  /** The time (ms) before the newest messages, this many. */
  timeBefore(count: number): number {
    return timeOfRowBefore(this.#sql, "timestamp", this.#head, count);
  }

  /** Time of the newest entry at or before this one that is still known; 0 if there is none. */
  upTo(time: number): number {
    const row = this.#sql
      .exec<{ message: number | null; patch: number | null }>(
        "SELECT (SELECT max(timestamp) FROM messages WHERE timestamp <= ?) AS message, " +
          "(SELECT max(patched_at) FROM messages WHERE patched_at <= ?) AS patch",
        time,
        time,
      )
      .one();
    return Math.max(row.message ?? 0, row.patch ?? 0);
  }

  /**
   * The newest message up to a time that is visible to a client, or to everybody; only the newest rows are searched.
   */
  lastVisible(upTo = this.#head, clientId?: string): MessageRecord | undefined {
    const visible = clientId === undefined ? `${READABLE} AND recipients IS NULL` : VISIBLE_TO;
    const [row] = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp <= ? AND timestamp > ? AND ${visible} ORDER BY timestamp DESC LIMIT 1`,
        upTo,
        timeOfRowBefore(this.#sql, "timestamp", upTo, LOG_ROWS),
        this.readableFrom.time,
        ...(clientId === undefined ? [] : [clientId, clientId]),
      )
      .toArray();
    return row && toMessage(row);
  }

  /** Number of unread messages from others after a read cursor, up to a time or all (`unread-counts.ts`). */
  unread(clientId: string, after: number, upTo = this.#head): { count: number; mentioned: boolean } {
    return this.#unread.of(clientId, after, upTo, this.#head);
  }
}
