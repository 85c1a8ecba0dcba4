import type { Sql } from "./sql.ts";

/**
 * One step from an earlier version's tables to today's. A step is to be taken where its table is there and lacks the
 * column, or where another table of the same storage is there and this one is not; so a step is never taken twice,
 * and storage that was written by any version can be told by its shape.
 */
export type Step =
  | { table: string; column: string; definition: string }
  | { table: string; beside: string; create: string };

/**
 * Brings storage that an earlier version wrote up to date, in the turn that reads it first: nothing to do is nothing
 * written, and storage without tables gets none.
 *
 * @param steps in the order in which they came; none is ever changed or taken away
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

/** The tables of an object's storage, by name, each as it was created and changed since. */
export function definitionsIn(sql: Sql): Map<string, string> {
  const rows = sql.exec<{ name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
  );
  return new Map([...rows].map((row) => [row.name, row.sql]));
}

function hasColumn(definition: string, column: string): boolean {
  return new RegExp(`\\b${column}\\b`).test(definition);
}
