import { IMPORT_PLACES } from "../../bounds.ts";
import type { MessageRecord } from "../../model/records.ts";
import type { Sql } from "../../sql.ts";

/** Messages as rows of the log. */

export const MENTION_ALL = 1;
export const RECEIPT = 2;
export const RECALLED = 4;
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
  imported: string | null;
};

export const COLUMNS =
  "timestamp, id, sender, content, mentions, flags, patched_at, recipients, address, imported";

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
    ...(row.imported === null ? {} : importedIn(row.imported)),
  };
}

/** What only an imported message has. */
type Imported = Pick<MessageRecord, "sentAt" | "deliveredAt">;

function importedIn(text: string): Imported {
  const { sentAt, deliveredAt }: Imported = JSON.parse(text);
  return { sentAt, deliveredAt };
}

/** The column `imported`; null if there is nothing to keep. */
export function toImported({ sentAt, deliveredAt }: Imported): string | null {
  return sentAt === undefined && deliveredAt === undefined ? null : JSON.stringify({ sentAt, deliveredAt });
}

export function toContent(content: MessageRecord["content"]): string | ArrayBuffer {
  return typeof content === "string" ? content : Uint8Array.from(content).buffer;
}

/** The columns an edit can change. */
export function toColumns(
  message: MessageRecord,
): [string | ArrayBuffer, string | null, string | null, number] {
  const { content, mentions, mentionAll, receipt, recalled, recipients, noSync } = message;
  return [
    toContent(content),
    mentions.length === 0 ? null : JSON.stringify(mentions),
    recipients === undefined ? null : JSON.stringify(recipients),
    (mentionAll ? MENTION_ALL : 0) |
      (receipt ? RECEIPT : 0) |
      (recalled ? RECALLED : 0) |
      (noSync ? NO_SYNC : 0),
  ];
}

/** The place in the log of the message that was sent at this time and has this id; undefined if there is none. */
export function placeOf(sql: Sql, sentAt: number, id: string): number | undefined {
  const [row] = sql
    .exec<{ id: string }>("SELECT id FROM messages WHERE timestamp = ? AND imported IS NULL", sentAt)
    .toArray();
  if (row?.id === id) return sentAt;
  const [imported] = sql
    .exec<{ timestamp: number }>(
      "SELECT timestamp FROM messages WHERE timestamp >= ? AND timestamp <= ? AND id = ? AND imported IS NOT NULL " +
        "AND coalesce(imported ->> 'sentAt', timestamp) = ? LIMIT 1",
      sentAt,
      sentAt + IMPORT_PLACES,
      id,
      sentAt,
    )
    .toArray();
  return imported?.timestamp;
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
