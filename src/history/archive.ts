import { Buffer } from "node:buffer";
import { eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Json } from "../protocol/json.ts";
import { chunksOf } from "./chunks.ts";
import { withoutDeeperThan } from "./nesting.ts";
import type { ConversationRecord, MessageRecord } from "./records.ts";
import { conversations, members, messages } from "./schema.ts";
import { statement } from "./statement.ts";

/**
 * SQLite reads JSON down to 1,000 levels and fails beyond, and one such row would fail every query that looks
 * into it. What is deeper stays with the conversation's object alone.
 */
const NESTING_MAX = 100;
/** Messages deleted by one statement: D1 gives it 30 seconds. */
const DELETED_AT_ONCE = 5_000;

/**
 * Makes D1's copy equal to the snapshot, unless a newer one is already there. Only members that came or went
 * are written. Saving a snapshot again changes nothing.
 */
export async function saveConversation(db: D1Database, record: ConversationRecord): Promise<void> {
  // They live as long as their object keeps them and no query finds them.
  if (record.kind === "temporary") return;
  const { id, updatedAt } = record;
  const present = JSON.stringify(record.members);
  // The old members are read from the old row, not from the members table, which has no index by conversation.
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
        // Messages report their time on their own way, so a newer snapshot may know less of it.
        lastMessageAt: sql`max(coalesce(${conversations.lastMessageAt}, excluded.last_message_at),
          coalesce(excluded.last_message_at, ${conversations.lastMessageAt}))`,
        timeToLive: sql`excluded.time_to_live`,
      },
      setWhere: sql`excluded.updated_at >= ${conversations.updatedAt}`,
    });
  // The row goes last: the members are compared with what it said before.
  await db.batch([removal, addition, upsert.getSQL()].map((query) => statement(db, query)));
}

/** Removes a conversation, but not its history, which only its object can name: see `deleteMessages`. */
export async function deleteConversation(db: D1Database, id: string): Promise<void> {
  const everyone = sql`SELECT old.value FROM ${conversations}, json_each(${conversations.members}) AS old
    WHERE ${conversations.id} = ${id}`;
  const removal = sql`DELETE FROM ${members}
    WHERE ${members.conversationId} = ${id} AND ${members.clientId} IN (${everyone})`;
  // The row goes last: it says who the members are.
  await db.batch([
    statement(db, removal),
    statement(db, sql`DELETE FROM ${conversations} WHERE ${conversations.id} = ${id}`),
  ]);
}

/** Removes messages of a conversation by their timestamps; those that are not there are no matter. */
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
 * Archives messages, edits of archived messages, and that messages were deleted. Save them in the order of
 * `patchedAt ?? timestamp`: how far D1 got is noted with them, and what it has passed already, by a write that was
 * late or came twice, changes nothing. Nor does anything of a conversation that D1 does not know.
 */
export async function saveMessages(
  db: D1Database,
  conversationId: string,
  records: MessageRecord[],
): Promise<void> {
  if (records.length === 0) return;
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
        patched_at = excluded.patched_at, recalled = excluded.recalled
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
  await db.batch([...insertions, ...deletions, progress].map((query) => statement(db, query)));
}

/** How far D1 follows a conversation's log: its newest message and its newest change of one (ms, 0 for none). */
export async function archivedUpTo(
  db: D1Database,
  conversationId: string,
): Promise<{ timestamp: number; patchedAt: number }> {
  const reached = await drizzle(db)
    .select({ timestamp: conversations.archivedAt, patchedAt: conversations.archivedPatchAt })
    .from(conversations)
    .where(eq(conversations.id, conversationId))
    .get();
  return { timestamp: reached?.timestamp ?? 0, patchedAt: reached?.patchedAt ?? 0 };
}

/** In the order that the INSERT reads. */
function toRow(record: MessageRecord): Json {
  const { content } = record;
  return [
    record.timestamp,
    record.id,
    record.from,
    typeof content === "string" ? content : null,
    typeof content === "string" ? null : Buffer.from(content).toString("hex"),
    record.mentionAll,
    record.mentions,
    record.receipt,
    record.patchedAt ?? null,
    record.recalled,
    record.recipients ?? null,
    record.address ?? null,
  ];
}
