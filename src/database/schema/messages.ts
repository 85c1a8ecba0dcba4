import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * The archive of the conversations' logs, since the app's server reads it across conversations: what everybody said and
 * what a client said, in the order of time (`messages/buckets.ts`). Each conversation reads its own log. One row per
 * message. WITHOUT ROWID.
 */
export const messages = sqliteTable(
  "messages",
  {
    /** By sender and timestamp. */
    bucket: integer("bucket").notNull(),
    timestamp: integer("timestamp").notNull(),
    conversationId: text("conversation_id").notNull(),
    id: text("id").notNull(),
    sender: text("sender").notNull(),
    /** Exactly one of `content` and `binary` is set. */
    content: text("content"),
    binary: blob("binary", { mode: "buffer" }),
    mentionAll: integer("mention_all", { mode: "boolean" }).notNull(),
    mentions: text("mentions", { mode: "json" }).$type<string[]>().notNull(),
    receipt: integer("receipt", { mode: "boolean" }).notNull(),
    patchedAt: integer("patched_at"),
    recalled: integer("recalled", { mode: "boolean" }).notNull(),
    /** Null means everybody. */
    recipients: text("recipients", { mode: "json" }).$type<string[]>(),
    address: text("address"),
    /** When it was sent (ms), if that is not its place in the log: an import may bring two of one millisecond. */
    sentAt: integer("sent_at"),
  },
  (table) => [
    primaryKey({ columns: [table.bucket, table.timestamp, table.conversationId] }),
    index("messages_by_time_sent").on(table.sentAt, table.id).where(sql`${table.sentAt} IS NOT NULL`),
  ],
);

/**
 * How far a database that has messages and no conversations was given those of a conversation; `conversations` says it
 * for the database of everything. WITHOUT ROWID.
 */
export const archiveProgress = sqliteTable("archive_progress", {
  conversationId: text("conversation_id").primaryKey(),
  /** Times (ms) as in `conversations`. */
  archivedAt: integer("archived_at").notNull(),
  archivedPatchAt: integer("archived_patch_at").notNull(),
});

/**
 * What clients wrote to service conversations: the class `_SysMessage`. One row and one index entry per message. WITHOUT
 * ROWID.
 */
export const systemMessages = sqliteTable(
  "system_messages",
  {
    id: text("id").primaryKey(),
    conversationId: text("conversation_id").notNull(),
    messageId: text("message_id").notNull(),
    sender: text("sender").notNull(),
    address: text("address"),
    /** Base64 if `binary`. */
    data: text("data").notNull(),
    binary: integer("binary", { mode: "boolean" }).notNull(),
    /** Milliseconds, like those below. */
    timestamp: integer("timestamp").notNull(),
    acknowledgedAt: integer("acknowledged_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [uniqueIndex("system_messages_by_conversation").on(table.conversationId, table.messageId)],
);
