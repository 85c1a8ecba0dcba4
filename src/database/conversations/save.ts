import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ConversationRecord } from "../../model/records.ts";
import { withoutDeeperThan } from "../json-depth.ts";
import { conversations, holds, members } from "../schema/conversations.ts";
import { statement } from "../statement.ts";
import { systemMessagesRemoval } from "../system-messages/save.ts";
import { removalOfRoles } from "./member-infos.ts";

/**
 * SQLite reads JSON down to 1,000 levels and fails beyond, and one such row would fail every query that reads it.
 * Deeper values stay with the conversation's object alone.
 */
const NESTING_MAX = 100;

/**
 * Makes D1's copy equal to the snapshot, unless D1 has a newer one. Only members that joined or left are written.
 * Saving a snapshot again changes nothing.
 */
export async function saveConversation(db: D1Database, record: ConversationRecord): Promise<void> {
  await saveConversations(db, [record]);
}

/** The same for several, in one transaction. */
export async function saveConversations(
  db: D1Database,
  records: readonly ConversationRecord[],
): Promise<void> {
  // Temporary conversations live as long as their object keeps them, and no query finds them.
  const statements = records.filter(({ kind }) => kind !== "temporary").flatMap((each) => savingOf(db, each));
  if (statements.length > 0) await db.batch(statements);
}

function savingOf(db: D1Database, record: ConversationRecord): D1PreparedStatement[] {
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
  return [removal, addition, upsert.getSQL()].map((query) => statement(db, query));
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
    statement(db, removalOfRoles(id)),
    statement(db, systemMessagesRemoval(id)),
    statement(db, sql`DELETE FROM ${holds} WHERE ${holds.conversationId} = ${id}`),
    statement(db, sql`DELETE FROM ${conversations} WHERE ${conversations.id} = ${id}`),
  ]);
}
