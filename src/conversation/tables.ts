import type { Sql } from "../sql.ts";
import { bringUpToDate, definitionsIn, type Step } from "../tables.ts";

const NOTICES = "CREATE TABLE notices (at INTEGER PRIMARY KEY, notice TEXT NOT NULL)";

/** The tables of one conversation's storage, as `state.ts`, `log.ts` and `notices.ts` use them. */
export function createTables(sql: Sql): void {
  sql.exec(
    "CREATE TABLE conversation (id INTEGER PRIMARY KEY CHECK (id = 1), facts TEXT NOT NULL, " +
      "indexed_at INTEGER NOT NULL, owed_since INTEGER, behind_since INTEGER, archived_at INTEGER)",
  );
  // Without a rowid the key is the row: one row written per change, no index beside it.
  sql.exec(
    "CREATE TABLE members (client_id TEXT PRIMARY KEY, joined_at INTEGER NOT NULL, muted INTEGER NOT NULL, " +
      "read_at INTEGER NOT NULL, delivered_at INTEGER NOT NULL, away INTEGER NOT NULL, " +
      "read_moved_at INTEGER NOT NULL DEFAULT 0, pushed_at INTEGER, read_moves TEXT, delivered_moves TEXT) " +
      "WITHOUT ROWID",
  );
  sql.exec(
    // Long columns come last: SQLite reads a row up to the last column that is asked for.
    "CREATE TABLE messages (timestamp INTEGER PRIMARY KEY, id TEXT NOT NULL, sender TEXT NOT NULL, token TEXT, " +
      "origin REAL NOT NULL, flags INTEGER NOT NULL, patched_at INTEGER, address TEXT, mentions TEXT, " +
      "recipients TEXT, content NOT NULL)",
  );
  // Partial: a message never edited has no entry, so it is still one row written.
  sql.exec("CREATE INDEX messages_patched_at ON messages (patched_at) WHERE patched_at IS NOT NULL");
  sql.exec(NOTICES);
}

/** Drops the tables of the conversation and of its events, and keeps the others. */
export function dropTables(sql: Sql): void {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  for (const { name } of tables) {
    if (name !== "successor" && !/^(_cf_|sqlite_)/.test(name)) sql.exec(`DROP TABLE "${name}"`);
  }
}

/** Whether a conversation was ever created in this storage. Checking writes nothing. */
export function hasTables(sql: Sql): boolean {
  return definitionsIn(sql).has("conversation");
}

/** What came after the first version, in order (docs/platform.md, "Data of earlier versions"). */
const STEPS: readonly Step[] = [
  // A message of the first version names no session, so it goes to all of them.
  { table: "messages", column: "origin", definition: "REAL NOT NULL DEFAULT 0" },
  { table: "members", column: "read_moved_at", definition: "INTEGER NOT NULL DEFAULT 0" },
  { table: "members", column: "pushed_at", definition: "INTEGER" },
  { table: "notices", beside: "conversation", create: NOTICES },
  { table: "messages", column: "recipients", definition: "TEXT" },
  { table: "messages", column: "address", definition: "TEXT" },
  { table: "conversation", column: "behind_since", definition: "INTEGER" },
  { table: "conversation", column: "archived_at", definition: "INTEGER" },
  // Moves of earlier versions are not known: their messages show the cursor.
  { table: "members", column: "read_moves", definition: "TEXT" },
  { table: "members", column: "delivered_moves", definition: "TEXT" },
];

/** Upgrades the storage of an earlier version; writes nothing if it is up to date. */
export function upgradeTables(sql: Sql): void {
  bringUpToDate(sql, STEPS);
}
