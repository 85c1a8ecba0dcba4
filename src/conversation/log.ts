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
import { type Counted, UnreadCounts } from "./unread-counts.ts";

/** How far back a repeated send is recognised after the object slept: by age (ms) and by number of messages. */
const DEDUPE_WINDOW = 6 * 60 * 60 * 1000;
const DEDUPE_LIMIT = 10_000;

export type { HistoryRequest } from "./history-pages.ts";

/** Whether a message is there for a client: not deleted, and his own or one that is for him. */
export function isVisibleTo(clientId: string, { deleted, from, recipients }: MessageRecord): boolean {
  return !deleted && (from === clientId || recipients === undefined || recipients.includes(clientId));
}

/** One step of the log: a message was added, or one was edited, recalled or deleted. */
export interface Entry {
  at: number;
  kind: "message" | "patch";
  message: MessageRecord;
  /** The session that did it; 0 where that is not known any more. */
  origin: number;
}

/** What a repeated send is answered with. */
export interface Accepted {
  timestamp: number;
  id: string;
}

/** The ordered log of one conversation: the timestamp is the primary key, and one message is one row (I1, I2). */
export class Log {
  readonly #sql: Sql;
  readonly #pages: HistoryPages;
  /** (sender, token) → what was answered; loaded at the first send after the object woke. */
  #accepted: Map<string, Accepted> | undefined;
  #head: number;
  #patchedAt: number;
  readonly #unread = new UnreadCounts((clientId, after, upTo) => this.#countOthers(clientId, after, upTo));

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

  /** Time of the newest entry: messages and what changes them share one clock, which no two of them show alike. */
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
    if (token !== undefined) this.#remember(message.from, token, message);
  }

  /** The message at exactly this place, if its id is the one named. */
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
   * Leaves nothing of a message but its place and its token, for good; the entry that says so is at a time after the
   * end. A repeated send is still answered as accepted (I3).
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

  /** Messages edited, recalled or deleted after a time, in that order: of several times, the last (M-19). */
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

  /** The last edits and recalls after a time that a client may see, in the same order. */
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
   * Messages of somebody else than this client that ask for a receipt, in (after, upTo], oldest first; of a long part
   * of the log, those at its end.
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
   * A time after this one up to which somebody else said nothing, as far as it takes little to tell: that of his
   * oldest message since. Undefined if there is none.
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

  /** Time of the oldest entry that a copy lacks which reaches this far; undefined if it lacks none. */
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

  /** What a copy that reaches this far lacks: a message counts where it was last patched, else where it stands. */
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

  #remember(sender: string, token: string, { timestamp, id }: Accepted): void {
    const accepted = this.#accepted;
    if (accepted === undefined) return;
    accepted.set(dedupeKey(sender, token), { timestamp, id });
    if (accepted.size <= DEDUPE_LIMIT) return;
    const [oldest] = accepted.keys();
    if (oldest !== undefined) accepted.delete(oldest);
  }

  /** Where messages stand after a timestamp, deleted ones too, oldest first. */
  placesAfter(timestamp: number, limit: number): number[] {
    return this.#sql
      .exec<{ timestamp: number }>(
        "SELECT timestamp FROM messages WHERE timestamp > ? ORDER BY timestamp LIMIT ?",
        timestamp,
        limit,
      )
      .toArray()
      .map((row) => row.timestamp);
  }

  /** Messages after a timestamp, oldest first, with the session that sent each and under which token. */
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

  /** Entries after a time in their order: messages where they stand, and again where they last changed. */
  entriesAfter(time: number, limit: number): Entry[] {
    const added = this.after(time, limit).map(({ message, origin }) => {
      return { at: message.timestamp, kind: "message" as const, message, origin };
    });
    const patched = this.patchedAfter(time, limit).map((message) => {
      return { at: message.patchedAt ?? 0, kind: "patch" as const, message, origin: 0 };
    });
    return [...added, ...patched].sort((a, b) => a.at - b.at).slice(0, limit);
  }

  /** Time of the newest entry at or before this one, as far as it can still be told; 0 if there is none. */
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

  /** The newest message up to a time that a client may see, or that everybody may; not one far back in the log. */
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
   * Messages of others after a read cursor, up to a time or all: exact (I5), unless the log has more than ten thousand
   * messages after the mark. Then it is how many of the newest ten thousand there are.
   */
  unread(clientId: string, after: number, upTo = this.#head): { count: number; mentioned: boolean } {
    if (upTo >= this.#head) return this.#unread.of(clientId, after, this.#head);
    const { count, mentionedAt } = this.#countOthers(clientId, after, upTo);
    return { count, mentioned: mentionedAt > after };
  }

  /** Statement by statement, since the last mention is the one that counts, and because some messages mention many. */
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

  /** The time before so many of the newest rows up to a time; 0 if there are no more. */
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

  /** A page of history, turn by turn (`history-pages.ts`). */
  pageByTurns(request: HistoryRequest, clientId: string | undefined): Generator<undefined, MessageRecord[]> {
    return this.#pages.byTurns(request, clientId);
  }

  /** The same at once. */
  page(request: HistoryRequest, clientId: string | undefined): MessageRecord[] {
    const turns = this.pageByTurns(request, clientId);
    for (;;) {
      const turn = turns.next();
      if (turn.done) return turn.value;
    }
  }
}

function dedupeKey(sender: string, token: string): string {
  // A client id holds no control characters, so this cannot be read two ways.
  return `${sender}\n${token}`;
}
