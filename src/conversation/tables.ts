import type { Sql } from "../sql.ts";

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
      "read_moved_at INTEGER NOT NULL DEFAULT 0, pushed_at INTEGER) WITHOUT ROWID",
  );
  sql.exec(
    "CREATE TABLE messages (timestamp INTEGER PRIMARY KEY, id TEXT NOT NULL, sender TEXT NOT NULL, token TEXT, " +
      "origin REAL NOT NULL, content NOT NULL, mentions TEXT, flags INTEGER NOT NULL, patched_at INTEGER, " +
      "recipients TEXT, address TEXT)",
  );
  // Partial: a message never edited has no entry, so it is still one row written.
  sql.exec("CREATE INDEX messages_patched_at ON messages (patched_at) WHERE patched_at IS NOT NULL");
  createNotices(sql);
}

/** Whether a conversation was ever created in this storage; looking writes nothing. */
export function hasTables(sql: Sql): boolean {
  return definitionOf(sql, "conversation") !== undefined;
}

/** Brings storage that an earlier version wrote up to date; nothing to do is nothing written. */
export function upgradeTables(sql: Sql): void {
  if (definitionOf(sql, "members")?.includes("pushed_at") !== true) {
    sql.exec("ALTER TABLE members ADD COLUMN read_moved_at INTEGER NOT NULL DEFAULT 0");
    sql.exec("ALTER TABLE members ADD COLUMN pushed_at INTEGER");
  }
  if (definitionOf(sql, "notices") === undefined) createNotices(sql);
  if (definitionOf(sql, "messages")?.includes("recipients") !== true) {
    sql.exec("ALTER TABLE messages ADD COLUMN recipients TEXT");
    sql.exec("ALTER TABLE messages ADD COLUMN address TEXT");
  }
  if (definitionOf(sql, "conversation")?.includes("behind_since") !== true) {
    sql.exec("ALTER TABLE conversation ADD COLUMN behind_since INTEGER");
  }
  if (definitionOf(sql, "conversation")?.includes("archived_at") !== true) {
    sql.exec("ALTER TABLE conversation ADD COLUMN archived_at INTEGER");
  }
}

function createNotices(sql: Sql): void {
  sql.exec("CREATE TABLE notices (at INTEGER PRIMARY KEY, notice TEXT NOT NULL)");
}

function definitionOf(sql: Sql, table: string): string | undefined {
  const [row] = sql
    .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", table)
    .toArray();
  return row?.sql;
}
