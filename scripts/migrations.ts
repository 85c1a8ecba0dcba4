import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The part of D1 that migrations need; Miniflare's binding has it. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

/** Drizzle writes this comment between statements. */
const BREAKPOINT = "--> statement-breakpoint";

interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<{ results: Row[] }>;
}

/**
 * Applies new files of a folder of migrations, in the order of their names, each in one transaction with its record.
 * The records are those of `wrangler d1 migrations apply`, so either may run first. Throws at the first failure.
 */
export async function applyMigrations(database: Database, folder: string): Promise<void> {
  await database.batch([
    database.prepare(
      `CREATE TABLE IF NOT EXISTS "d1_migrations" (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT UNIQUE,
        applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
      )`,
    ),
  ]);
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  for (const name of names.filter((name) => !applied.has(name))) {
    const statements = (await readFile(join(folder, name), "utf8")).split(BREAKPOINT);
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}
