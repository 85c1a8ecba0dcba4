import type { Sql } from "./sql.ts";

/**
 * One migration step from the tables of an earlier version. A step applies if its table exists and lacks the column, or
 * if another table of the same storage exists and this one does not. So no step is applied twice, and the shape of the
 * storage tells its version.
 */
export type Step =
  | { table: string; column: string; definition: string }
  | { table: string; beside: string; create: string };

/**
 * Migrates storage that an earlier version wrote, in the turn that reads it first. Storage that is up to date is not
 * written, and storage without tables gets none.
 *
 * @param steps in the order in which they were added; none is ever changed or removed
 */
export function bringUpToDate(sql: Sql, steps: readonly Step[]): void {
  const tables = definitionsIn(sql);
  for (const step of steps) {
    const definition = tables.get(step.table);
    if ("create" in step) {
      if (definition !== undefined || !tables.has(step.beside)) continue;
      sql.exec(step.create);
      tables.set(step.table, step.create);
    } else if (definition !== undefined && !hasColumn(definition, step.column)) {
      sql.exec(`ALTER TABLE ${step.table} ADD COLUMN ${step.column} ${step.definition}`);
    }
  }
}

/** The current definitions of the tables in an object's storage, by name. */
export function definitionsIn(sql: Sql): Map<string, string> {
  const rows = sql.exec<{ name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
  );
  return new Map([...rows].map((row) => [row.name, row.sql]));
}

function hasColumn(definition: string, column: string): boolean {
  return new RegExp(`\\b${column}\\b`).test(definition);
}
