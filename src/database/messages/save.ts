import { type SQL, sql } from "drizzle-orm";
import type { Json } from "../../model/json.ts";
import type { MessageRecord } from "../../model/records.ts";
import { toHex } from "../../protocol/hex.ts";
import { chunksOf } from "../chunks.ts";
import { conversations } from "../schema/conversations.ts";
import { archiveProgress, messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import { systemMessageStatements } from "../system-messages/save.ts";
import type { Archive } from "./archive.ts";
import {
  type ArchiveProgress,
  archivedUpTo,
  type ProgressRow,
  progressIn,
  progressQuery,
} from "./archive-progress.ts";
import { bucketOf } from "./buckets.ts";

/** Messages deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/** Where a database keeps how far it was given a conversation's messages. What is not beyond that is not written. */
const IN_INDEX = {
  table: conversations,
  id: conversations.id,
  archivedAt: conversations.archivedAt,
  archivedPatchAt: conversations.archivedPatchAt,
};
const ELSEWHERE = {
  table: archiveProgress,
  id: archiveProgress.conversationId,
  archivedAt: archiveProgress.archivedAt,
  archivedPatchAt: archiveProgress.archivedPatchAt,
};

/** A message of a conversation, by its place in the log (ms). */
export type MessagePlace = Pick<MessageRecord, "timestamp" | "from">;

/** How far messages were archived, with who sent the newest of them, if that is known. */
export interface ArchivedPart extends ArchiveProgress {
  from: string | undefined;
}

/** How a part of a conversation's messages is archived. */
export interface Saving {
  /** Times of messages that the archive does not have; the progress counts them. */
  unlisted?: ReadonlySet<number>;
  /** It has messages from this time on (ms). */
  since?: number;
  /**
   * Whether the progress waits for a later batch, which messages alone may have: no edits, recalls and deletions. Or the
   * part that earlier batches archived so.
   */
  progress?: "later" | ArchivedPart;
}

/**
 * Archives messages, edits of archived messages, and deletions. Save them in the order of `patchedAt ?? timestamp`: the
 * progress is stored with them, and a late or repeated write of something older changes nothing. Nor does a write for a
 * conversation that D1 does not know. The progress is stored once every database has taken its part.
 *
 * Without the progress, a repeated write finds its messages there, and changes nothing either; one that comes after the
 * deletion of a message finds the progress that was stored with the deletion.
 *
 * Resolves to how far D1 has them afterwards; undefined if D1 does not know the conversation. Without the progress, other
 * databases than that of the conversations speak for these messages alone.
 */
export async function saveMessages(
  archive: Archive,
  conversationId: string,
  records: MessageRecord[],
  saving: Saving = {},
): Promise<ArchiveProgress | undefined> {
  const { index } = archive;
  if (records.length === 0 && saving.progress === undefined) return archivedUpTo(index, conversationId);
  const parts = archive.byDatabase(records, ({ timestamp }) => ({ conversationId, timestamp }));
  const own = parts.get(index) ?? [];
  parts.delete(index);
  await Promise.all([...parts].map(([db, part]) => saveElsewhere(db, conversationId, part, saving)));
  const { insertions, deletions, written } = changesOf(conversationId, own, { saving, progress: IN_INDEX });
  const toService = systemMessageStatements(conversationId, records);
  if (saving.progress === "later" && own.length === 0 && toService.length === 0) return endOf(records);
  const ends =
    saving.progress === "later"
      ? [presence(conversationId, written)]
      : [progressUpdate(conversationId, endOf(records, saving.progress)), progressQuery(conversationId)];
  const results = await index.batch<ProgressRow & { missing?: number }>(
    [...insertions, ...toService, ...deletions, ...ends].map((query) => statement(index, query)),
  );
  const row = results.at(-1)?.results[0];
  const stored = progressIn(row);
  if (stored === undefined || saving.progress !== "later" || row?.missing !== 0) return stored;
  const { timestamp } = endOf(records);
  return { timestamp: Math.max(stored.timestamp, timestamp), patchedAt: stored.patchedAt };
}

function progressUpdate(conversationId: string, { timestamp, patchedAt, from }: ArchivedPart): SQL {
  const bucket = from === undefined ? null : bucketOf(from, timestamp);
  return sql`UPDATE ${conversations} SET
      last_message_at = max(coalesce(${conversations.lastMessageAt}, 0), ${timestamp}),
      archived_bucket = CASE WHEN coalesce(${conversations.archivedAt}, 0) < ${timestamp}
        THEN ${bucket} ELSE archived_bucket END,
      archived_at = max(coalesce(${conversations.archivedAt}, 0), ${timestamp}),
      archived_patch_at = max(coalesce(${conversations.archivedPatchAt}, 0), ${patchedAt})
    WHERE ${conversations.id} = ${conversationId} AND (${conversations.archivedAt} IS NULL
      OR ${conversations.archivedAt} < ${timestamp} OR ${conversations.archivedPatchAt} IS NULL
      OR ${conversations.archivedPatchAt} < ${patchedAt})`;
}

/** The progress, and how many of some messages beyond it are not there. */
function presence(conversationId: string, written: readonly MessageRecord[]): SQL {
  const keys = written.map(({ from, timestamp }) => [bucketOf(from, timestamp), timestamp]);
  return sql`SELECT c.archived_at AS timestamp, c.archived_patch_at AS patched_at,
      (SELECT count(*) FROM json_each(${JSON.stringify(keys)}) WHERE value->>1 > coalesce(c.archived_at, 0)
        AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.bucket = value->>0 AND m.timestamp = value->>1
          AND m.conversation_id = c.id)) AS missing
    FROM ${conversations} AS c WHERE c.id = ${conversationId}`;
}

/**
 * The part of a database that has messages alone. How far it was given them is stored with changes of messages, for late
 * writes of those.
 */
async function saveElsewhere(
  db: D1Database,
  conversationId: string,
  records: MessageRecord[],
  saving: Saving,
): Promise<void> {
  const { insertions, deletions } = changesOf(conversationId, records, { saving, progress: ELSEWHERE });
  if (insertions.length === 0 && deletions.length === 0) return;
  const { timestamp, patchedAt } = endOf(records);
  const begun = sql`INSERT OR IGNORE INTO ${archiveProgress} VALUES (${conversationId}, 0, 0)`;
  const progress = sql`UPDATE ${archiveProgress} SET archived_at = max(archived_at, ${timestamp}),
      archived_patch_at = max(archived_patch_at, ${patchedAt})
    WHERE conversation_id = ${conversationId} AND (archived_at < ${timestamp} OR archived_patch_at < ${patchedAt})`;
  const ends = patchedAt === 0 ? [] : [progress];
  await db.batch([begun, ...insertions, ...deletions, ...ends].map((query) => statement(db, query)));
}

/** Times (ms) of the newest message and the newest patch, of some messages or an earlier part. */
function endOf(records: readonly MessageRecord[], earlier?: ArchivedPart): ArchivedPart {
  const none: ArchivedPart = { timestamp: 0, patchedAt: 0, from: undefined };
  return records.reduce(({ timestamp, patchedAt, from }, record) => {
    const isNewer = record.timestamp > timestamp;
    return {
      timestamp: isNewer ? record.timestamp : timestamp,
      patchedAt: Math.max(patchedAt, record.patchedAt ?? 0),
      from: isNewer ? record.from : from,
    };
  }, earlier ?? none);
}

/** The statements for some messages of a conversation. */
function changesOf(
  conversationId: string,
  records: readonly MessageRecord[],
  {
    saving: { unlisted, since = 0 },
    progress,
  }: { saving: Saving; progress: typeof IN_INDEX | typeof ELSEWHERE },
): { insertions: SQL[]; deletions: SQL[]; written: MessageRecord[] } {
  const isGone = (record: MessageRecord) => record.deleted || unlisted?.has(record.timestamp) === true;
  // One that is older was never written here, unless it is older only now.
  const isPatchedTooLate = (record: MessageRecord) =>
    record.timestamp < since && record.patchedAt !== undefined;
  const written = records.filter((record) => !isGone(record) && record.timestamp >= since);
  const deleted = records.filter((record) => isGone(record) || isPatchedTooLate(record));
  const insertions = chunksOf(written.map(toRow)).map(
    (
      rows,
    ) => sql`INSERT INTO ${messages} (conversation_id, bucket, timestamp, id, sender, content, binary, mention_all,
        mentions, receipt, patched_at, recalled, recipients, address, sent_at)
      SELECT ${progress.id}, value->>0, value->>1, value->>2, value->>3, value->>4, unhex(value->>5), value->>6,
        value->>7, value->>8, value->>9, value->>10, value->>11, value->>12, value->>13
      FROM ${progress.table}, json_each(${rows}) WHERE ${progress.id} = ${conversationId}
        AND (value->>1 > coalesce(${progress.archivedAt}, 0)
          OR value->>9 > coalesce(${progress.archivedPatchAt}, 0))
      ON CONFLICT (bucket, timestamp, conversation_id) DO UPDATE SET content = excluded.content,
        binary = excluded.binary, mention_all = excluded.mention_all, mentions = excluded.mentions,
        receipt = excluded.receipt, patched_at = excluded.patched_at, recalled = excluded.recalled,
        recipients = excluded.recipients, address = excluded.address
      WHERE coalesce(excluded.patched_at, 0) > coalesce(${messages.patchedAt}, 0)`,
  );
  return { insertions, deletions: deleted.length > 0 ? [deletionOf(conversationId, deleted)] : [], written };
}

/** Removes messages of a conversation. Missing messages are ignored. */
export async function deleteMessages(
  archive: Archive,
  conversationId: string,
  places: readonly MessagePlace[],
): Promise<void> {
  const parts = archive.byDatabase(places, ({ timestamp }) => ({ conversationId, timestamp }));
  for (const [db, part] of parts)
    for (let at = 0; at < part.length; at += DELETED_AT_ONCE)
      await statement(db, deletionOf(conversationId, part.slice(at, at + DELETED_AT_ONCE))).run();
}

/**
 * Lets no late write bring back messages of a deleted conversation, wherever it may have some. In the database of
 * conversations its row is what they need.
 */
export async function endArchive(archive: Archive, conversationId: string): Promise<void> {
  const end = Number.MAX_SAFE_INTEGER;
  const query = sql`INSERT INTO ${archiveProgress} VALUES (${conversationId}, ${end}, ${end})
    ON CONFLICT (conversation_id) DO UPDATE SET archived_at = ${end}, archived_patch_at = ${end}`;
  const others = archive.allOf(conversationId).filter((db) => db !== archive.index);
  await Promise.all(others.map((db) => statement(db, query).run()));
}

function deletionOf(conversationId: string, places: readonly MessagePlace[]): SQL {
  const keys = JSON.stringify(places.map(({ from, timestamp }) => [bucketOf(from, timestamp), timestamp]));
  return sql`DELETE FROM ${messages} WHERE (bucket, timestamp, conversation_id)
    IN (SELECT value->>0, value->>1, ${conversationId} FROM json_each(${keys}))`;
}

/** In the order that the INSERT reads. */
export function toRow(record: MessageRecord): Json[] {
  const { content } = record;
  return [
    bucketOf(record.from, record.timestamp),
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
