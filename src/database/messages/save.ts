import { type SQL, sql } from "drizzle-orm";
import type { Json } from "../../model/json.ts";
import type { MessageRecord } from "../../model/records.ts";
import { toHex } from "../../protocol/hex.ts";
import { chunksOf } from "../chunks.ts";
import { conversations } from "../schema/conversations.ts";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import { systemMessageStatements } from "../system-messages/save.ts";
import {
  type ArchiveProgress,
  archivedUpTo,
  type ProgressRow,
  progressIn,
  progressQuery,
} from "./archive-progress.ts";

/** Messages deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/**
 * Archives messages, edits of archived messages, and deletions. Save them in the order of `patchedAt ?? timestamp`: the
 * progress is stored with them, and a late or repeated write of something older changes nothing. Nor does a write for a
 * conversation that D1 does not know. Resolves to the progress afterwards; undefined if D1 does not know the
 * conversation.
 *
 * @param unlisted times of messages that the archive does not have; the progress counts them
 */
export async function saveMessages(
  db: D1Database,
  conversationId: string,
  records: MessageRecord[],
  unlisted: ReadonlySet<number> = new Set(),
): Promise<ArchiveProgress | undefined> {
  if (records.length === 0) return archivedUpTo(db, conversationId);
  const timestamp = records.reduce((newest, record) => Math.max(newest, record.timestamp), 0);
  const patchedAt = records.reduce((newest, record) => Math.max(newest, record.patchedAt ?? 0), 0);
  const isGone = (record: MessageRecord) => record.deleted || unlisted.has(record.timestamp);
  const deleted = records.filter(isGone).map((record) => record.timestamp);
  const insertions = chunksOf(records.filter((record) => !isGone(record)).map(toRow)).map(
    (
      rows,
    ) => sql`INSERT INTO ${messages} (conversation_id, timestamp, id, sender, content, binary, mention_all,
        mentions, receipt, patched_at, recalled, recipients, address, sent_at)
      SELECT ${conversations.id}, value->>0, value->>1, value->>2, value->>3, unhex(value->>4), value->>5, value->>6,
        value->>7, value->>8, value->>9, value->>10, value->>11, value->>12
      FROM ${conversations}, json_each(${rows}) WHERE ${conversations.id} = ${conversationId}
        AND (value->>0 > coalesce(${conversations.archivedAt}, 0)
          OR value->>8 > coalesce(${conversations.archivedPatchAt}, 0))
      ON CONFLICT (timestamp, conversation_id) DO UPDATE SET content = excluded.content,
        binary = excluded.binary, mention_all = excluded.mention_all, mentions = excluded.mentions,
        receipt = excluded.receipt, patched_at = excluded.patched_at, recalled = excluded.recalled,
        recipients = excluded.recipients, address = excluded.address
      WHERE coalesce(excluded.patched_at, 0) > coalesce(${messages.patchedAt}, 0)`,
  );
  const deletions = deleted.length > 0 ? [deletionOf(conversationId, deleted)] : [];
  const toService = systemMessageStatements(conversationId, records);
  const progress = sql`UPDATE ${conversations} SET
      last_message_at = max(coalesce(${conversations.lastMessageAt}, 0), ${timestamp}),
      archived_at = max(coalesce(${conversations.archivedAt}, 0), ${timestamp}),
      archived_patch_at = max(coalesce(${conversations.archivedPatchAt}, 0), ${patchedAt})
    WHERE ${conversations.id} = ${conversationId} AND (${conversations.archivedAt} IS NULL
      OR ${conversations.archivedAt} < ${timestamp} OR ${conversations.archivedPatchAt} IS NULL
      OR ${conversations.archivedPatchAt} < ${patchedAt})`;
  const results = await db.batch<ProgressRow>(
    [...insertions, ...toService, ...deletions, progress, progressQuery(conversationId)].map((query) =>
      statement(db, query),
    ),
  );
  return progressIn(results.at(-1)?.results[0]);
}

/** Removes messages of a conversation by their timestamps. Missing messages are ignored. */
export async function deleteMessages(
  db: D1Database,
  conversationId: string,
  timestamps: number[],
): Promise<void> {
  for (let at = 0; at < timestamps.length; at += DELETED_AT_ONCE) {
    await statement(db, deletionOf(conversationId, timestamps.slice(at, at + DELETED_AT_ONCE))).run();
  }
}

function deletionOf(conversationId: string, timestamps: number[]): SQL {
  const places = sql`SELECT value, ${conversationId} FROM json_each(${JSON.stringify(timestamps)})`;
  return sql`DELETE FROM ${messages} WHERE (${messages.timestamp}, ${messages.conversationId}) IN (${places})`;
}

/** In the order that the INSERT reads. */
export function toRow(record: MessageRecord): Json[] {
  const { content } = record;
  return [
    record.timestamp,
    record.id,
    record.from,
    typeof content === "string" ? content : null,
    typeof content === "string" ? null : toHex(content),
    record.mentionAll,
    record.mentions,
    record.receipt,
    record.patchedAt ?? null,
    record.recalled,
    record.recipients ?? null,
    record.address ?? null,
    record.sentAt ?? null,
  ];
}
