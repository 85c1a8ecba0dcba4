import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";

/** Messages as rows of the log. */

export const MENTION_ALL = 1;
export const RECEIPT = 2;
const RECALLED = 4;
export const DELETED = 8;
const NO_SYNC = 16;

export type Row = {
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

export const COLUMNS = "timestamp, id, sender, content, mentions, flags, patched_at, recipients, address";

export function toMessage(row: Row): MessageRecord {
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
export function toColumns(
  message: MessageRecord,
): [string | ArrayBuffer, string | null, string | null, number] {
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

/**
 * Time of the row this many rows before the newest one up to a time; 0 if there are fewer. It bounds what a search may
 * read.
 */
export function timeOfRowBefore(
  sql: Sql,
  column: "timestamp" | "patched_at",
  upTo: number,
  rows: number,
): number {
  const [row] = sql
    .exec<{ time: number }>(
      `SELECT ${column} AS time FROM messages WHERE ${column} <= ? ORDER BY ${column} DESC LIMIT 1 OFFSET ?`,
      upTo,
      rows,
    )
    .toArray();
  return row?.time ?? 0;
}
