import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { loggedNames } from "../../model/event-names.ts";
import type { Json, JsonObject } from "../../model/json.ts";

/** The app's settings. WITHOUT ROWID. */
export const settings = sqliteTable("settings", {
  key: text("key").primaryKey(),
  value: text("value", { mode: "json" }).$type<Json>().notNull(),
});

/** The list of banned clients. Each client's object refuses its logins. WITHOUT ROWID. */
export const bans = sqliteTable("bans", {
  clientId: text("client_id").primaryKey(),
  reason: text("reason").notNull(),
  at: integer("at").notNull(),
});

/**
 * The event log (G-05), off by default. An event is one row, plus one index entry for each of client, conversation and
 * message that it names. WITHOUT ROWID.
 */
export const events = sqliteTable(
  "events",
  {
    at: integer("at").notNull(),
    id: text("id").notNull(),
    name: text("name", { enum: loggedNames }).notNull(),
    /** The client that caused the event. */
    clientId: text("client_id"),
    conversationId: text("conversation_id"),
    messageId: text("message_id"),
    detail: text("detail", { mode: "json" }).$type<JsonObject>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.at, table.id] }),
    index("events_by_client")
      .on(table.clientId, table.at, table.id)
      .where(sql`${table.clientId} IS NOT NULL`),
    index("events_by_conversation")
      .on(table.conversationId, table.at, table.id)
      .where(sql`${table.conversationId} IS NOT NULL`),
    index("events_by_message")
      .on(table.messageId, table.at, table.id)
      .where(sql`${table.messageId} IS NOT NULL`),
    index("events_passed").on(table.at).where(sql`${table.name} = 'requestPassed'`),
  ],
);

/** Runs of the commands that move an app, each as it last reported. WITHOUT ROWID. */
export const movingRuns = sqliteTable("moving_runs", {
  run: text("run").primaryKey(),
  updatedAt: integer("updated_at").notNull(),
  report: text("report", { mode: "json" }).$type<JsonObject>().notNull(),
});
