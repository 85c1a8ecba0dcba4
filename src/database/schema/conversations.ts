import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { memberRoles } from "../../model/records.ts";
import { json } from "./json-column.ts";

/**
 * Copies of the conversations; temporary ones are not copied.
 *
 * The table keeps its rowid: rows with many members are large, which suits a WITHOUT ROWID tree badly, and only
 * creating one writes the extra entry. `last_message_at` changes with every message and must stay unindexed.
 */
export const conversations = sqliteTable(
  "conversations",
  {
    id: text("id").primaryKey(),
    kind: text("kind", { enum: ["normal", "room", "temporary", "system"] }).notNull(),
    name: text("name"),
    creator: text("creator").notNull(),
    members: text("members", { mode: "json" }).$type<string[]>().notNull(),
    muted: text("muted", { mode: "json" }).$type<string[]>().notNull(),
    attributes: json("attributes").notNull(),
    columns: json("columns").notNull(),
    unique: integer("is_unique", { mode: "boolean" }).notNull(),
    uniqueId: text("unique_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    lastMessageAt: integer("last_message_at"),
    timeToLive: integer("time_to_live"),
    /**
     * How far `messages` follows the conversation's log: the times (ms) of the newest message and of the newest patch
     * that it was given. Null for none.
     */
    archivedAt: integer("archived_at"),
    archivedPatchAt: integer("archived_patch_at"),
    /** The bucket of the message at `archivedAt`; null if that is not known. */
    archivedBucket: integer("archived_bucket"),
    /** The object's log has no message before this time (ms); null where it was not looked at for old ones. */
    clearedTo: integer("cleared_to"),
  },
  (table) => [
    // The name is the one common condition that neither members nor ids narrow down.
    index("conversations_by_name").on(table.name).where(sql`${table.name} IS NOT NULL`),
    // Rooms and system conversations are few; normal ones cost nothing here.
    index("conversations_by_kind").on(table.kind).where(sql`${table.kind} <> 'normal'`),
  ],
);

/** Copies of the legal holds of conversations, for lists and the daily deletion. WITHOUT ROWID. */
export const holds = sqliteTable("holds", {
  conversationId: text("conversation_id").primaryKey(),
  /** Milliseconds. */
  since: integer("since").notNull(),
  reason: text("reason").notNull(),
});

/** The clients of `conversations.members`, a row each, to find the conversations of a client. WITHOUT ROWID. */
export const members = sqliteTable(
  "members",
  { clientId: text("client_id").notNull(), conversationId: text("conversation_id").notNull() },
  (table) => [primaryKey({ columns: [table.clientId, table.conversationId] })],
);

/** Copies of the roles that clients were given in conversations: the class `_ConversationMemberInfo`. WITHOUT ROWID. */
export const memberInfos = sqliteTable(
  "member_infos",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    clientId: text("client_id").notNull(),
    role: text("role", { enum: memberRoles }).notNull(),
    /** Milliseconds. */
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [index("member_infos_by_conversation").on(table.conversationId, table.clientId)],
);

/** Subscriptions to service conversations of clients that have not logged in yet, for their first login. WITHOUT ROWID. */
export const earlySubscriptions = sqliteTable(
  "early_subscriptions",
  {
    clientId: text("client_id").notNull(),
    conversationId: text("conversation_id").notNull(),
    /** When it was made (ms). */
    since: integer("since").notNull(),
  },
  (table) => [primaryKey({ columns: [table.clientId, table.conversationId] })],
);

/**
 * Clients that have ever logged in. `since` is 0 for clients that were members before this table existed. WITHOUT
 * ROWID.
 */
export const clients = sqliteTable("clients", {
  clientId: text("client_id").primaryKey(),
  /** Milliseconds. */
  since: integer("since").notNull(),
});

/** How far conversations are mirrored to and from LeanCloud, a row for each that had a message meanwhile. WITHOUT ROWID. */
export const mirrorProgress = sqliteTable(
  "mirror_progress",
  {
    conversationId: text("conversation_id").primaryKey(),
    /** Messages that went there, and that came from there. */
    sent: integer("sent").notNull(),
    received: integer("received").notNull(),
    /** Messages that cannot go there, and why the last of them could not. */
    leftOut: integer("left_out").notNull(),
    leftOutWhy: text("left_out_why"),
    /** Messages that wait; the time of the oldest (ms), and what the last attempt met. */
    waiting: integer("waiting").notNull(),
    waitingSince: integer("waiting_since"),
    problem: text("problem"),
    /** Milliseconds. */
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    index("mirror_progress_by_waiting").on(table.waitingSince).where(sql`${table.waitingSince} IS NOT NULL`),
  ],
);
