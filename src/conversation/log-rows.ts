import type { MessageRecord } from "../model/records.ts";

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

/** Matches messages that are not deleted. */
export const NOT_DELETED = `flags & ${DELETED} = 0`;
/** Matches messages of others that are visible to a client; bind its id twice. */
export const VISIBLE_FROM_OTHERS = `${NOT_DELETED} AND sender <> ? AND (recipients IS NULL OR ? IN (SELECT value FROM json_each(recipients)))`;
/** The same, and the client's own messages; bind its id twice. */
export const VISIBLE_TO = `${NOT_DELETED} AND (recipients IS NULL OR sender = ? OR ? IN (SELECT value FROM json_each(recipients)))`;

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
