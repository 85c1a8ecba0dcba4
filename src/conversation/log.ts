import type { MessageRecord } from "../history/records.ts";
import type { HistoryPoint } from "../protocol/commands.ts";
import type { Sql } from "../sql.ts";

/** How far back a repeated send is recognised after the object slept: by age (ms) and by number of messages. */
const DEDUPE_WINDOW = 6 * 60 * 60 * 1000;
const DEDUPE_LIMIT = 10_000;

const MENTION_ALL = 1;
const RECEIPT = 2;
const RECALLED = 4;

type Row = {
  timestamp: number;
  id: string;
  sender: string;
  content: string | ArrayBuffer;
  mentions: string | null;
  flags: number;
  patched_at: number | null;
};

const COLUMNS = "timestamp, id, sender, content, mentions, flags, patched_at";

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
  };
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

  static createTables(sql: Sql): void {
    sql.exec(
      "CREATE TABLE messages (timestamp INTEGER PRIMARY KEY, id TEXT NOT NULL, sender TEXT NOT NULL, token TEXT, origin REAL NOT NULL, " +
        "content NOT NULL, mentions TEXT, flags INTEGER NOT NULL, patched_at INTEGER)",
    );
    // Partial: a message never edited has no entry, so it is still one row written.
    sql.exec("CREATE INDEX messages_patched_at ON messages (patched_at) WHERE patched_at IS NOT NULL");
  }

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#head =
      sql.exec<{ head: number | null }>("SELECT max(timestamp) AS head FROM messages").one().head ?? 0;
  }

  /** Timestamp of the newest message, 0 before the first. */
  get head(): number {
    return this.#head;
  }

  /** Appends a message whose timestamp is after the head; `origin` names the session that sent it. */
  append(message: MessageRecord, token: string | undefined, origin: number): void {
    const content =
      typeof message.content === "string" ? message.content : Uint8Array.from(message.content).buffer;
    this.#sql.exec(
      "INSERT INTO messages (timestamp, id, sender, token, origin, content, mentions, flags) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      message.timestamp,
      message.id,
      message.from,
      token ?? null,
      origin,
      content,
      message.mentions.length === 0 ? null : JSON.stringify(message.mentions),
      (message.mentionAll ? MENTION_ALL : 0) | (message.receipt ? RECEIPT : 0),
    );
    this.#head = message.timestamp;
    if (token !== undefined) this.#remember(message.from, token, message);
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

  /** Timestamp of the newest message at or before this one; 0 if there is none. */
  upTo(timestamp: number): number {
    return (
      this.#sql
        .exec<{ found: number | null }>(
          "SELECT max(timestamp) AS found FROM messages WHERE timestamp <= ?",
          timestamp,
        )
        .one().found ?? 0
    );
  }

  last(): MessageRecord | undefined {
    const [row] = this.#sql
      .exec<Row>(`SELECT ${COLUMNS} FROM messages ORDER BY timestamp DESC LIMIT 1`)
      .toArray();
    return row && toMessage(row);
  }

  /** Messages of others after a read mark: exact, however many (I5). */
  unread(clientId: string, after: number): { count: number; mentioned: boolean } {
    const row = this.#sql
      .exec<{ count: number; mentioned: number | null }>(
        "SELECT count(*) AS count, max(flags & 1 OR (mentions IS NOT NULL AND EXISTS " +
          "(SELECT 1 FROM json_each(mentions) WHERE value = ?))) AS mentioned " +
          "FROM messages WHERE timestamp > ? AND sender <> ?",
        clientId,
        after,
        clientId,
      )
      .one();
    return { count: row.count, mentioned: row.mentioned === 1 };
  }

  /**
   * A page of history, always ascending (wire §4.9). Older takes the messages nearest before the start, newer
   * those nearest after it; the end bounds either.
   */
  page(request: HistoryRequest): MessageRecord[] {
    const older = request.direction === "older";
    const conditions: string[] = [];
    const bindings: (string | number)[] = [];
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
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = this.#sql
      .exec<Row>(
        `SELECT ${COLUMNS} FROM messages ${where} ORDER BY timestamp ${older ? "DESC" : "ASC"} LIMIT ?`,
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
