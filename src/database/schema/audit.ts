import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Json } from "../../model/json.ts";

/**
 * The audit log: what the owner changed, over the console or `/admin`. A row is written before its change, with no
 * status, and again after it. WITHOUT ROWID.
 */
export const audit = sqliteTable(
  "audit",
  {
    /** When the change began (ms). */
    at: integer("at").notNull(),
    id: text("id").notNull(),
    /** The name in the console's session, or `API`. */
    who: text("who").notNull(),
    address: text("address"),
    /** The id of the operation. */
    action: text("action").notNull(),
    /** What was changed: a path of the API. */
    target: text("target").notNull(),
    before: text("before", { mode: "json" }).$type<Json>(),
    after: text("after", { mode: "json" }).$type<Json>(),
    /** Of the answer; null while it is not known what became of the change. */
    status: integer("status"),
  },
  (table) => [
    primaryKey({ columns: [table.at, table.id] }),
    index("audit_by_action").on(table.action, table.at, table.id),
  ],
);
