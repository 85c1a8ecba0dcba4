import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";

type Name = "facts" | "presence" | "behind";

/** The tables of the app's object. */
export type AppTables = Tables<Name>;

export const APP_SCHEMA: Schema<Name> = {
  tables: {
    facts: ["CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"],
    // Those that are online stand together: they are few of all that were here in a month.
    presence: [
      "CREATE TABLE presence (client_id TEXT NOT NULL, online INTEGER NOT NULL, day INTEGER NOT NULL, " +
        "PRIMARY KEY (online, client_id)) WITHOUT ROWID",
    ],
    behind: ["CREATE TABLE behind (conversation_id TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID"],
  },
  versions: [{ table: "presence", key: ["online", "client_id"] }],
};

export function appTables(sql: Sql): AppTables {
  return new Tables(sql, APP_SCHEMA);
}
