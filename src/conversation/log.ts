import { COUNTED_BYTES, COUNTED_ROWS, LOG_ROWS, UNREAD_ROWS } from "../bounds.ts";
import type { MessageRecord } from "../model/records.ts";
import type { Sql } from "../sql.ts";
import { HistoryPages, type HistoryRequest } from "./history-pages.ts";
import {
  COLUMNS,
  DELETED,
  MENTION_ALL,
  NOT_DELETED,
  RECEIPT,
  type Row,
  toColumns,
  toMessage,
  VISIBLE_FROM_OTHERS,
  VISIBLE_TO,
} from "./log-rows.ts";
import { type Counted, UnreadCountCache } from "./unread-count-cache.ts";

/** How far back a repeated send is recognised after the object hibernated: by age (ms) and by number of messages. */
const DEDUPE_WINDOW = 6 * 60 * 60 * 1000;
const DEDUPE_LIMIT = 10_000;

export type { HistoryRequest } from "./history-pages.ts";

/** Whether a message is visible to a client: not deleted, and the client's own or addressed to it. */
export function isVisibleTo(clientId: string, { deleted, from, recipients }: MessageRecord): boolean {
  return !deleted && (from === clientId || recipients === undefined || recipients.includes(clientId));
}

/** An entry of the log: a message was added, or one was edited, recalled or deleted. */
export interface Entry {
  at: number;
  kind: "message" | "patch";
  message: MessageRecord;
  /** The session that caused it; 0 if it is not known any more. */
  origin: number;
}

/** The answer to a repeated send. */
export interface Accepted {
  timestamp: number;
  id: string;
}

/** The ordered log of one conversation: the timestamp is the primary key, and one message is one row (I1, I2). */
export class Log {
  readonly #sql: Sql;
  readonly #pages: HistoryPages;
  /** (sender, token) → the answer given; loaded at the first send after the object woke. */
  #accepted: Map<string, Accepted> | undefined;
  #head: number;
  #patchedAt: number;
  readonly #unread = new UnreadCountCache((clientId, after, upTo) =>
    this.#countOthers(clientId, after, upTo),
  );

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#pages = new HistoryPages(sql);
    this.#head =
      sql.exec<{ head: number | null }>("SELECT max(timestamp) AS head FROM messages").one().head ?? 0;
    this.#patchedAt =
      sql
        .exec<{ last: number | null }>(
          "SELECT max(patched_at) AS last FROM messages WHERE patched_at IS NOT NULL",
        )
        .one().last ?? 0;
  }

  /** Timestamp of the newest message, 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** Time of the newest edit, recall or deletion, 0 before the first. */
  get patchedAt(): number {
    return this.#patchedAt;
  }

  /** Time of the newest entry. Messages and their changes share one clock, and no two entries have the same time. */
  get end(): number {
    return Math.max(this.#head, this.#patchedAt);
  }

  /** Appends a message whose timestamp is after the head; `origin` names the session that sent it. */
  append(message: MessageRecord, token: string | undefined, origin: number): void {
    this.#sql.exec(
      "INSERT INTO messages (timestamp, id, sender, token, origin, address, content, mentions, recipients, flags) " +
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      message.timestamp,
      message.id,
      message.from,
      token ?? null,
      origin,
      message.address ?? null,
      ...toColumns(message),
    );
    this.#head = message.timestamp;
    if (token !== undefined) this.#rememberAccepted(message.from, token, message);
  }

  /** The message at exactly this timestamp, if it has this id. */
  find(timestamp: number, id: string): MessageRecord | undefined {
    const [row] = this.#sql
      .exec<Row>(`SELECT ${COLUMNS} FROM messages WHERE timestamp = ? AND ${NOT_DELETED}`, timestamp)
      .toArray();
    return row?.id === id ? toMessage(row) : undefined;
  }

  /** Rewrites a message in its place; its `patchedAt` is after the end (M-14, M-22). */
  patch(message: MessageRecord & { patchedAt: number }): void {
    this.#sql.exec(
      "UPDATE messages SET content = ?, mentions = ?, recipients = ?, flags = ?, patched_at = ? WHERE timestamp = ?",
      ...toColumns(message),
      message.patchedAt,
      message.timestamp,
    );
    this.#patchedAt = message.patchedAt;
    this.#unread.forget();
  }

  /**
   * Deletes a message's content for good and keeps its timestamp and token, so that a repeated send is still answered
   * as accepted (I3). The deletion is an entry of its own at `at`, which is after the end.
   */
  delete(timestamp: number, at: number): void {
    this.#sql.exec(
      "UPDATE messages SET content = '', mentions = NULL, recipients = NULL, address = NULL, flags = ?, " +
        "patched_at = ? WHERE timestamp = ?",
      DELETED,
      at,
      timestamp,
    );
    this.#patchedAt = at;
    this.#unread.forget();
  }

  /** Messages edited, recalled or deleted after a time, in order of their last change (M-19). */
  patchedAfter(time: number, limit: number): MessageRecord[] {
    if (time >= this.#patchedAt) return [];
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
  lastPatchedAfter(clientId: string, time: number, limit: number): MessageRecord[] {
    if (time >= this.#patchedAt) return [];
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE patched_at > ? AND ${VISIBLE_TO} ORDER BY patched_at DESC LIMIT ?`,
        Math.max(time, this.#newest("patched_at", this.#patchedAt, LOG_ROWS)),
        clientId,
        clientId,
        limit,
      )
      .toArray()
      .reverse()
      .map(toMessage);
  }

  /**
   * Messages from others that ask for a receipt, in (after, upTo], oldest first; in a long range, only those near its
   * end.
   */
  receiptsAsked(clientId: string, after: number, upTo: number, limit: number): MessageRecord[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${VISIBLE_FROM_OTHERS} AND flags & ? ` +
          "ORDER BY timestamp DESC LIMIT ?",
        Math.max(after, this.#newest("timestamp", upTo, LOG_ROWS)),
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
   * A time after `after` up to which there is no message from others: the timestamp of the oldest one since, or the end
   * of the rows searched. Undefined if there is none.
   */
  nextOfOthers(clientId: string, after: number): number | undefined {
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

  /** The newest messages of others after a time, oldest first, and whether older ones were left out (Y-02). */
  newestOfOthers(
    clientId: string,
    after: number,
    upTo: number,
    limit: number,
  ): { messages: MessageRecord[]; more: boolean } {
    const from = Math.max(after, this.#newest("timestamp", upTo, LOG_ROWS));
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
    const more = rows.length > limit || from > after;
    return { messages: rows.slice(0, limit).reverse().map(toMessage), more };
  }

  /** Time of the oldest entry that a copy lacks; undefined if it lacks none. */
  firstAfter(copy: { timestamp: number; patchedAt: number }): number | undefined {
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
  changedAfter(copy: { timestamp: number; patchedAt: number }, limit: number): MessageRecord[] {
    const added = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND patched_at IS NULL ORDER BY timestamp LIMIT ?`,
        copy.timestamp,
        limit,
      )
      .toArray()
      .map(toMessage);
    return [...added, ...this.patchedAfter(copy.patchedAt, limit)]
      .sort((a, b) => (a.patchedAt ?? a.timestamp) - (b.patchedAt ?? b.timestamp))
      .slice(0, limit);
  }

  /** The message this sender already sent under this token (I3), within the dedupe window. */
  acceptedBefore(sender: string, token: string, now: number): Accepted | undefined {
    this.#accepted ??= this.#loadAccepted(now);
    return this.#accepted.get(dedupeKey(sender, token));
  }

  #loadAccepted(now: number): Map<string, Accepted> {
    const rows = this.#sql
      .exec<{ timestamp: number; id: string; sender: string; token: string | null }>(
        "SELECT timestamp, id, sender, token FROM messages WHERE timestamp > ? ORDER BY timestamp DESC LIMIT ?",
        now - DEDUPE_WINDOW,
        DEDUPE_LIMIT,
      )
      .toArray();
    const accepted = new Map<string, Accepted>();
    for (const row of rows.reverse()) {
      if (row.token !== null)
        accepted.set(dedupeKey(row.sender, row.token), { timestamp: row.timestamp, id: row.id });
    }
    return accepted;
  }

  #rememberAccepted(sender: string, token: string, { timestamp, id }: Accepted): void {
    const accepted = this.#accepted;
    if (accepted === undefined) return;
    accepted.set(dedupeKey(sender, token), { timestamp, id });
    if (accepted.size <= DEDUPE_LIMIT) return;
    const [oldest] = accepted.keys();
    if (oldest !== undefined) accepted.delete(oldest);
  }

  /** Timestamps of messages after a timestamp, deleted ones included, oldest first. */
  timestampsAfter(timestamp: number, limit: number): number[] {
    return this.#sql
      .exec<{ timestamp: number }>(
        "SELECT timestamp FROM messages WHERE timestamp > ? ORDER BY timestamp LIMIT ?",
        timestamp,
        limit,
      )
      .toArray()
      .map((row) => row.timestamp);
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
    const patched = this.patchedAfter(time, limit).map((message) => {
      return { at: message.patchedAt ?? 0, kind: "patch" as const, message, origin: 0 };
    });
    return [...added, ...patched].sort((a, b) => a.at - b.at).slice(0, limit);
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
  last(upTo = this.#head, clientId?: string): MessageRecord | undefined {
    const visible = clientId === undefined ? `${NOT_DELETED} AND recipients IS NULL` : VISIBLE_TO;
    const [row] = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp <= ? AND timestamp > ? AND ${visible} ORDER BY timestamp DESC LIMIT 1`,
        upTo,
        this.#newest("timestamp", upTo, LOG_ROWS),
        ...(clientId === undefined ? [] : [clientId, clientId]),
      )
      .toArray();
    return row && toMessage(row);
  }

  /**
   * Number of unread messages from others after a read cursor, up to a time or all. It is exact (I5) unless the log has
   * more than ten thousand messages after the cursor; then only the newest ten thousand are counted.
   */
  unread(clientId: string, after: number, upTo = this.#head): { count: number; mentioned: boolean } {
    if (upTo >= this.#head) return this.#unread.of(clientId, after, this.#head);
    const { count, mentionedAt } = this.#countOthers(clientId, after, upTo);
    return { count, mentioned: mentionedAt > after };
  }

  /** In several statements: only the last mention counts, and some messages mention many. */
  #countOthers(clientId: string, after: number, upTo: number): Counted {
    const counted: Counted = { count: 0, mentionedAt: 0, from: upTo };
    let bytes = 0;
    for (let rows = 0; rows < UNREAD_ROWS && bytes < COUNTED_BYTES; rows += COUNTED_ROWS) {
      if (counted.from <= after) break;
      const from = Math.max(after, this.#newest("timestamp", counted.from, COUNTED_ROWS));
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

  /** Time of the row that is this many rows before the newest one up to a time; 0 if there are fewer. */
  #newest(column: "timestamp" | "patched_at", upTo: number, rows: number): number {
    const [row] = this.#sql
      .exec<{ time: number }>(
        `SELECT ${column} AS time FROM messages WHERE ${column} <= ? ORDER BY ${column} DESC LIMIT 1 OFFSET ?`,
        upTo,
        rows,
      )
      .toArray();
    return row?.time ?? 0;
  }

  /** A page of history, in slices (`history-pages.ts`). */
  pageInSlices(request: HistoryRequest, clientId: string | undefined): Generator<undefined, MessageRecord[]> {
    return this.#pages.inSlices(request, clientId);
  }

  /** The same, synchronously. */
  page(request: HistoryRequest, clientId: string | undefined): MessageRecord[] {
    const turns = this.pageInSlices(request, clientId);
    for (;;) {
      const turn = turns.next();
      if (turn.done) return turn.value;
    }
  }
}

function dedupeKey(sender: string, token: string): string {
  // A client id holds no control characters, so the key is unambiguous.
  return `${sender}\n${token}`;
}
