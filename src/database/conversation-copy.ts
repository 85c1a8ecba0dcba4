import { type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Json } from "../model/json.ts";
import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import { toHex } from "../protocol/hex.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import { chunksOf } from "./chunks.ts";
import { type ArchiveProgress, timeIn } from "./messages/archive-progress.ts";
import { conversations, members, messages } from "./schema.ts";
import { statement } from "./statement.ts";
import { withoutDeeperThan } from "./where/nesting.ts";

/**
 * SQLite reads JSON down to 1,000 levels and fails beyond, and one such row would fail every query that reads it.
 * Deeper values stay with the conversation's object alone.
 */
const NESTING_MAX = 100;
/** Messages deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/**
 * Makes D1's copy equal to the snapshot, unless D1 has a newer one. Only members that joined or left are written.
 * Saving a snapshot again changes nothing.
 */
export async function saveConversation(db: D1Database, record: ConversationRecord): Promise<void> {
  // Temporary conversations live as long as their object keeps them, and no query finds them.
  if (record.kind === "temporary") return;
  const { id, updatedAt } = record;
  const present = JSON.stringify(record.members);
  // The former members are read from the old row, not from the members table, which has no index by conversation.
  const gone = sql`SELECT old.value FROM ${conversations}, json_each(${conversations.members}) AS old
    WHERE ${conversations.id} = ${id} AND ${conversations.updatedAt} <= ${updatedAt}
    AND old.value NOT IN (SELECT value FROM json_each(${present}))`;
  const newer = sql`SELECT 1 FROM ${conversations}
    WHERE ${conversations.id} = ${id} AND ${conversations.updatedAt} > ${updatedAt}`;
  const removal = sql`DELETE FROM ${members}
    WHERE ${members.conversationId} = ${id} AND ${members.clientId} IN (${gone})`;
  const addition = sql`INSERT OR IGNORE INTO ${members} (client_id, conversation_id)
    SELECT value, ${id} FROM json_each(${present}) WHERE NOT EXISTS (${newer})`;
  const upsert = drizzle(db)
    .insert(conversations)
    .values({
      ...record,
      attributes: withoutDeeperThan(NESTING_MAX, record.attributes),
      columns: withoutDeeperThan(NESTING_MAX, record.columns),
    })
    .onConflictDoUpdate({
      target: conversations.id,
      set: {
        kind: sql`excluded.kind`,
        name: sql`excluded.name`,
        creator: sql`excluded.creator`,
        members: sql`excluded.members`,
        muted: sql`excluded.muted`,
        attributes: sql`excluded.attributes`,
        columns: sql`excluded.columns`,
        unique: sql`excluded.is_unique`,
        uniqueId: sql`excluded.unique_id`,
        createdAt: sql`excluded.created_at`,
        updatedAt: sql`excluded.updated_at`,
        // Messages report their time separately, so a newer snapshot may have an older time.
        lastMessageAt: sql`max(coalesce(${conversations.lastMessageAt}, excluded.last_message_at),
          coalesce(excluded.last_message_at, ${conversations.lastMessageAt}))`,
        timeToLive: sql`excluded.time_to_live`,
      },
      setWhere: sql`excluded.updated_at >= ${conversations.updatedAt}`,
    });
  // The row goes last: the statements before it read its former members.
  await db.batch([removal, addition, upsert.getSQL()].map((query) => statement(db, query)));
}

/** Removes a conversation without its messages, whose timestamps only the object knows: see `deleteMessages`. */
export async function deleteConversation(db: D1Database, id: string): Promise<void> {
  const everyone = sql`SELECT old.value FROM ${conversations}, json_each(${conversations.members}) AS old
    WHERE ${conversations.id} = ${id}`;
  const removal = sql`DELETE FROM ${members}
    WHERE ${members.conversationId} = ${id} AND ${members.clientId} IN (${everyone})`;
  // The row goes last: the statement before it reads its members.
  await db.batch([
    statement(db, removal),
    statement(db, sql`DELETE FROM ${conversations} WHERE ${conversations.id} = ${id}`),
  ]);
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

/**
 * Archives messages, edits of archived messages, and deletions. Save them in the order of `patchedAt ?? timestamp`: the
 * progress is stored with them, and a late or repeated write of something older changes nothing. Nor does a write for a
 * conversation that D1 does not know. Resolves to the progress afterwards; undefined if D1 does not know the
 * conversation.
 */
export async function saveMessages(
  db: D1Database,
  conversationId: string,
  records: MessageRecord[],
): Promise<ArchiveProgress | undefined> {
  if (records.length === 0) return archivedUpTo(db, conversationId);
  const timestamp = records.reduce((newest, record) => Math.max(newest, record.timestamp), 0);
  const patchedAt = records.reduce((newest, record) => Math.max(newest, record.patchedAt ?? 0), 0);
  const deleted = records.filter((record) => record.deleted).map((record) => record.timestamp);
  const insertions = chunksOf(records.filter((record) => !record.deleted).map(toRow)).map(
    (
      rows,
    ) => sql`INSERT INTO ${messages} (conversation_id, timestamp, id, sender, content, binary, mention_all,
        mentions, receipt, patched_at, recalled, recipients, address)
      SELECT ${conversations.id}, value->>0, value->>1, value->>2, value->>3, unhex(value->>4), value->>5, value->>6,
        value->>7, value->>8, value->>9, value->>10, value->>11
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
  const progress = sql`UPDATE ${conversations} SET
      last_message_at = max(coalesce(${conversations.lastMessageAt}, 0), ${timestamp}),
      archived_at = max(coalesce(${conversations.archivedAt}, 0), ${timestamp}),
      archived_patch_at = max(coalesce(${conversations.archivedPatchAt}, 0), ${patchedAt})
    WHERE ${conversations.id} = ${conversationId} AND (${conversations.archivedAt} IS NULL
      OR ${conversations.archivedAt} < ${timestamp} OR ${conversations.archivedPatchAt} IS NULL
      OR ${conversations.archivedPatchAt} < ${patchedAt})`;
  const results = await db.batch<ProgressRow>(
    [...insertions, ...deletions, progress, progressQuery(conversationId)].map((query) =>
      statement(db, query),
    ),
  );
  return progressIn(results.at(-1)?.results[0]);
}

/** How far D1 follows a conversation's log; undefined if D1 does not know the conversation. */
export async function archivedUpTo(
  db: D1Database,
  conversationId: string,
): Promise<ArchiveProgress | undefined> {
  return progressIn((await statement(db, progressQuery(conversationId)).first<ProgressRow>()) ?? undefined);
}

/** Unchecked values from the driver. */
type ProgressRow = { timestamp: unknown; patched_at: unknown };

/** Columns are qualified by their table: SQLite reads an unknown quoted name as a text. */
function progressQuery(conversationId: string): SQL {
  return sql`SELECT c.archived_at AS timestamp, c.archived_patch_at AS patched_at FROM ${conversations} AS c
    WHERE c.id = ${conversationId}`;
}

function progressIn(reached: ProgressRow | undefined): ArchiveProgress | undefined {
  return (
    reached && {
      timestamp: timeIn(reached.timestamp, "archived_at"),
      patchedAt: timeIn(reached.patched_at, "archived_patch_at"),
    }
  );
}

/** The conversations that D1 lacks, or has in an older state than the client was shown. */
export async function lagging(db: D1Database, shown: readonly SeenVersion[]): Promise<string[]> {
  const wanted = JSON.stringify(
    shown.map(({ conversationId, upTo, changedAt }) => [conversationId, upTo, changedAt]),
  );
  const query = sql`SELECT value->>0 AS id FROM json_each(${wanted}) WHERE NOT EXISTS (
    SELECT 1 FROM ${conversations} AS c WHERE c.id = value->>0 AND c.updated_at >= value->>2
      AND max(coalesce(c.archived_at, 0), coalesce(c.archived_patch_at, 0)) >= value->>1)`;
  const { results } = await statement(db, query).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** In the order that the INSERT reads. */
function toRow(record: MessageRecord): Json {
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
  ];
}
