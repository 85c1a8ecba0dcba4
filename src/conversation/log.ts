import type { MessageRecord } from "../history/records.ts";
import type { HistoryPoint } from "../protocol/commands.ts";
import type { Sql } from "../sql.ts";

/** How far back a repeated send is recognised after the object slept: by age (ms) and by number of messages. */
const DEDUPE_WINDOW = 6 * 60 * 60 * 1000;
const DEDUPE_LIMIT = 10_000;

const MENTION_ALL = 1;
const RECEIPT = 2;
const RECALLED = 4;
const DELETED = 8;
const NO_SYNC = 16;

type Row = {
  timestamp: number;
  id: string;
  sender: string;
  content: string | ArrayBuffer;
  mentions: string | null;
  flags: number;
  patched_at: number | null;
  recipients: string | null;
  address: string | null;
};

const COLUMNS = "timestamp, id, sender, content, mentions, flags, patched_at, recipients, address";

/** Of a message that is there for everybody; a deleted one is there for nobody. */
const THERE = `flags & ${DELETED} = 0`;
/** Of a message of somebody else that is there for a client, who is bound twice. */
const FOR_OTHER = `${THERE} AND sender <> ? AND (recipients IS NULL OR ? IN (SELECT value FROM json_each(recipients)))`;
/** The same, or one of his own; bound twice too. */
const FOR_ANY = `${THERE} AND (recipients IS NULL OR sender = ? OR ? IN (SELECT value FROM json_each(recipients)))`;

function toMessage(row: Row): MessageRecord {
  return {
    timestamp: row.timestamp,
    id: row.id,
    from: row.sender,
    content: typeof row.content === "string" ? row.content : new Uint8Array(row.content),
    mentionAll: (row.flags & MENTION_ALL) !== 0,
    mentions: row.mentions === null ? [] : JSON.parse(row.mentions),
    receipt: (row.flags & RECEIPT) !== 0,
    patchedAt: row.patched_at ?? undefined,
    recalled: (row.flags & RECALLED) !== 0,
    recipients: row.recipients === null ? undefined : JSON.parse(row.recipients),
    address: row.address ?? undefined,
    deleted: (row.flags & DELETED) !== 0,
    noSync: (row.flags & NO_SYNC) === 0 ? undefined : true,
  };
}

/** The columns an edit can change. */
function toColumns(message: MessageRecord): [string | ArrayBuffer, string | null, string | null, number] {
  const { content, mentions, mentionAll, receipt, recalled, recipients, noSync } = message;
  return [
    typeof content === "string" ? content : Uint8Array.from(content).buffer,
    mentions.length === 0 ? null : JSON.stringify(mentions),
    recipients === undefined ? null : JSON.stringify(recipients),
    (mentionAll ? MENTION_ALL : 0) |
      (receipt ? RECEIPT : 0) |
      (recalled ? RECALLED : 0) |
      (noSync ? NO_SYNC : 0),
  ];
}

/** Whether a message is there for a client: not deleted, and his own or one that is for him. */
export function isFor(clientId: string, { deleted, from, recipients }: MessageRecord): boolean {
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

export interface HistoryRequest {
  direction: "older" | "newer";
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  limit: number;
  messageType: number | undefined;
}

/** The ordered log of one conversation: the timestamp is the primary key, and one message is one row (I1, I2). */
export class Log {
  readonly #sql: Sql;
  /** (sender, token) → what was answered; loaded at the first send after the object woke. */
  #accepted: Map<string, Accepted> | undefined;
  #head: number;
  #patchedAt: number;

  constructor(sql: Sql) {
    this.#sql = sql;
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
      .exec<Row>(`SELECT ${COLUMNS} FROM messages WHERE timestamp = ? AND ${THERE}`, timestamp)
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
        `SELECT ${COLUMNS} FROM messages WHERE patched_at > ? AND ${FOR_ANY} ORDER BY patched_at DESC LIMIT ?`,
        time,
        clientId,
        clientId,
        limit,
      )
      .toArray()
      .reverse()
      .map(toMessage);
  }

  /** Messages of somebody else than this client that ask for a receipt, in (after, upTo], oldest first. */
  receiptsAsked(clientId: string, after: number, upTo: number, limit: number): MessageRecord[] {
    return this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${FOR_OTHER} AND flags & ? ` +
          "ORDER BY timestamp DESC LIMIT ?",
        after,
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

  /** Time of the oldest message of somebody else after a time; undefined if there is none. */
  nextOfOthers(clientId: string, after: number): number | undefined {
    const [row] = this.#sql
      .exec<{ timestamp: number }>(
        `SELECT timestamp FROM messages WHERE timestamp > ? AND ${FOR_OTHER} ORDER BY timestamp LIMIT 1`,
        after,
        clientId,
        clientId,
      )
      .toArray();
    return row?.timestamp;
  }

  /** The newest messages of others after a time, oldest first, and whether older ones were left out (Y-02). */
  newestOfOthers(
    clientId: string,
    after: number,
    upTo: number,
    limit: number,
  ): { messages: MessageRecord[]; more: boolean } {
    const rows = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${FOR_OTHER} ` +
          "ORDER BY timestamp DESC LIMIT ?",
        after,
        upTo,
        clientId,
        clientId,
        limit + 1,
      )
      .toArray();
    return { messages: rows.slice(0, limit).reverse().map(toMessage), more: rows.length > limit };
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

  /** The newest message up to a time that a client may see, or that everybody may. */
  last(upTo = this.#head, clientId?: string): MessageRecord | undefined {
    const visible = clientId === undefined ? `${THERE} AND recipients IS NULL` : FOR_ANY;
    const [row] = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE timestamp <= ? AND ${visible} ORDER BY timestamp DESC LIMIT 1`,
        upTo,
        ...(clientId === undefined ? [] : [clientId, clientId]),
      )
      .toArray();
    return row && toMessage(row);
  }

  /** Messages of others after a read mark, up to a time or all: exact, however many (I5). */
  unread(clientId: string, after: number, upTo = this.#head): { count: number; mentioned: boolean } {
    const row = this.#sql
      .exec<{ count: number; mentioned: number | null }>(
        "SELECT count(*) AS count, max(flags & 1 OR (mentions IS NOT NULL AND EXISTS " +
          "(SELECT 1 FROM json_each(mentions) WHERE value = ?))) AS mentioned " +
          `FROM messages WHERE timestamp > ? AND timestamp <= ? AND ${FOR_OTHER}`,
        clientId,
        after,
        upTo,
        clientId,
        clientId,
      )
      .one();
    return { count: row.count, mentioned: row.mentioned === 1 };
  }

  /**
   * A page of history, always ascending (wire §4.9). Older takes the messages nearest before the start, newer
   * those nearest after it; the end bounds either.
   * @param clientId who looks; undefined is the app's server, which sees what is for some only
   */
  page(request: HistoryRequest, clientId: string | undefined): MessageRecord[] {
    const older = request.direction === "older";
    const conditions: string[] = [clientId === undefined ? THERE : FOR_ANY];
    const bindings: (string | number)[] = clientId === undefined ? [] : [clientId, clientId];
    const bound = (point: HistoryPoint | undefined, side: "<" | ">") => {
      if (point === undefined) return;
      const orEqual = point.inclusive ? "=" : "";
      if (point.messageId === undefined) {
        conditions.push(`timestamp ${side}${orEqual} ?`);
        bindings.push(point.timestamp);
      } else {
        conditions.push(`(timestamp, id) ${side}${orEqual} (?, ?)`);
        bindings.push(point.timestamp, point.messageId);
      }
    };
    bound(request.start, older ? "<" : ">");
    bound(request.end, older ? ">" : "<");
    if (request.messageType !== undefined) {
      conditions.push(
        "CASE WHEN typeof(content) = 'text' AND json_valid(content) THEN json_extract(content, '$._lctype') = ? END",
      );
      bindings.push(request.messageType);
    }
    const rows = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages WHERE ${conditions.join(" AND ")} ` +
          `ORDER BY timestamp ${older ? "DESC" : "ASC"} LIMIT ?`,
        ...bindings,
        request.limit,
      )
      .toArray();
    if (older) rows.reverse();
    return rows.map(toMessage);
  }
}

function dedupeKey(sender: string, token: string): string {
  // A client id holds no control characters, so this cannot be read two ways.
  return `${sender}\n${token}`;
}
