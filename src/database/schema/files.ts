import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { json } from "./json-column.ts";

/**
 * Rows of `_File`. The table keeps its rowid: rows hold the apps' own data. What a row is for is in `state`
 * (`FileContent` of `model/stored-file.ts` says which of the columns after it belong to which).
 */
export const files = sqliteTable(
  "files",
  {
    id: text("id").primaryKey(),
    /** The path of the bytes under the address of files; null for a file that stays elsewhere. */
    key: text("key"),
    name: text("name").notNull(),
    mimeType: text("mime_type").notNull(),
    metaData: json("meta_data").notNull(),
    acl: json("acl"),
    /** The app's own fields. */
    fields: json("fields").notNull(),
    state: text("state", { enum: ["awaiting", "stored", "external"] }).notNull(),
    /** Null once the client has confirmed the upload. */
    token: text("token"),
    tokenExpiresAt: integer("token_expires_at"),
    /** The name of the bytes in the bucket. */
    object: text("object"),
    /** Bytes. */
    size: integer("size"),
    /** Where an external file is, and where an imported one was. */
    url: text("url"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("files_by_key").on(table.key).where(sql`${table.key} IS NOT NULL`),
    uniqueIndex("files_by_token").on(table.token).where(sql`${table.token} IS NOT NULL`),
    index("files_awaiting").on(table.createdAt).where(sql`${table.state} = 'awaiting'`),
  ],
);

/**
 * Objects of the bucket that belong to no file: of uploads in progress, and of files that are gone. A name is here
 * before its bytes can be, so that a server that dies leaves none behind. WITHOUT ROWID.
 */
export const unclaimedObjects = sqliteTable(
  "unclaimed_objects",
  {
    object: text("object").primaryKey(),
    /** Milliseconds. */
    since: integer("since").notNull(),
  },
  (table) => [index("unclaimed_objects_by_time").on(table.since)],
);
