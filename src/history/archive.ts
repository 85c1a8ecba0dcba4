import { Buffer } from "node:buffer";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { withoutDeeperThan } from "./nesting.ts";
import type { ConversationRecord, MessageRecord } from "./records.ts";
import { conversations, members, messages } from "./schema.ts";
import { statement } from "./statement.ts";

/** Keeps one statement's JSON well under D1's 2 MB for a value, whatever its characters take in UTF-8. */
const CHUNK_CHARACTERS = 500_000;
/**
 * SQLite reads JSON down to 1,000 levels and fails beyond, and one such row would fail every query that looks
 * into it. What is deeper stays with the conversation's object alone.
 */
const NESTING_MAX = 100;
/** Messages deleted at once: D1 gives a statement 30 seconds. */
const DELETED_AT_ONCE = 10_000;

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

/** Removes a conversation with its history. The row goes last, so that a failed attempt can be repeated. */
export async function deleteConversation(db: D1Database, id: string): Promise<void> {
  const some = sql`SELECT ${messages.timestamp} FROM ${messages}
    WHERE ${messages.conversationId} = ${id} LIMIT ${DELETED_AT_ONCE}`;
  const deletion = sql`DELETE FROM ${messages}
    WHERE ${messages.conversationId} = ${id} AND ${messages.timestamp} IN (${some})`;
  let deleted: number;
  do {
    deleted = (await statement(db, deletion).run()).meta.changes;
  } while (deleted === DELETED_AT_ONCE);
  const everyone = sql`SELECT old.value FROM ${conversations}, json_each(${conversations.members}) AS old
    WHERE ${conversations.id} = ${id}`;
  const removal = sql`DELETE FROM ${members}
    WHERE ${members.conversationId} = ${id} AND ${members.clientId} IN (${everyone})`;
  await db.batch([
    statement(db, removal),
    statement(db, sql`DELETE FROM ${conversations} WHERE ${conversations.id} = ${id}`),
  ]);
}

/**
 * Archives messages and edits of archived messages; of two versions of one, the later patched stays. Save them
 * in the order of `patchedAt ?? timestamp`: then `archivedUpTo` never passes over one still owed.
 */
export async function saveMessages(
  db: D1Database,
  conversationId: string,
  records: MessageRecord[],
  lastMessageAt: number,
): Promise<void> {
  const patchedAt = records.reduce((newest, record) => Math.max(newest, record.patchedAt ?? 0), 0);
  // Null stands for "never worked out", which happens when messages came before their conversation's row.
  const archived = sql`coalesce(${conversations.archivedPatchAt}, (SELECT coalesce(max(${messages.patchedAt}), 0)
    FROM ${messages} WHERE ${messages.conversationId} = ${conversationId}))`;
  const progress = sql`UPDATE ${conversations} SET
      last_message_at = max(coalesce(${conversations.lastMessageAt}, 0), ${lastMessageAt}),
      archived_patch_at = max(${archived}, ${patchedAt})
    WHERE ${conversations.id} = ${conversationId} AND (${conversations.lastMessageAt} IS NULL
      OR ${conversations.lastMessageAt} < ${lastMessageAt} OR ${archived} < ${patchedAt})`;
  const insertions = chunks(records).map(
    (
      rows,
    ) => sql`INSERT INTO ${messages} (conversation_id, timestamp, id, sender, content, binary, mention_all,
        mentions, receipt, patched_at, recalled)
      SELECT ${conversationId}, value->>0, value->>1, value->>2, value->>3, unhex(value->>4), value->>5, value->>6,
        value->>7, value->>8, value->>9 FROM json_each(${rows}) WHERE true
      ON CONFLICT (conversation_id, timestamp) DO UPDATE SET id = excluded.id, sender = excluded.sender,
        content = excluded.content, binary = excluded.binary, mention_all = excluded.mention_all,
        mentions = excluded.mentions, receipt = excluded.receipt, patched_at = excluded.patched_at,
        recalled = excluded.recalled
      WHERE coalesce(excluded.patched_at, 0) > coalesce(${messages.patchedAt}, 0)`,
  );
  await db.batch([progress, ...insertions].map((query) => statement(db, query)));
}

/** The newest message and the newest edit that D1 holds of a conversation; 0 for none. */
export async function archivedUpTo(
  db: D1Database,
  conversationId: string,
): Promise<{ timestamp: number; patchedAt: number }> {
  const own = sql`FROM ${messages} WHERE ${messages.conversationId} = ${conversationId}`;
  return drizzle(db).get(sql`SELECT
    coalesce((SELECT max(${messages.timestamp}) ${own}), 0) AS timestamp,
    coalesce((SELECT ${conversations.archivedPatchAt} FROM ${conversations} WHERE ${conversations.id} = ${conversationId}),
      (SELECT max(${messages.patchedAt}) ${own}), 0) AS patchedAt`);
}

/** Messages as JSON texts, each an array of arrays in the order the INSERT reads. */
function chunks(records: MessageRecord[]): string[] {
  const texts: string[] = [];
  let rows: string[] = [];
  let length = 0;
  for (const record of records) {
    const { content } = record;
    const row = JSON.stringify([
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
    ]);
    if (rows.length > 0 && length + row.length > CHUNK_CHARACTERS) {
      texts.push(`[${rows.join()}]`);
      rows = [];
      length = 0;
    }
    rows.push(row);
    length += row.length;
  }
  if (rows.length > 0) texts.push(`[${rows.join()}]`);
  return texts;
}
