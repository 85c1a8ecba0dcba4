import type { Sql } from "../sql.ts";

/** Single values by their name: one row each, written only when it changes. */
export class KeyValues {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  }

  get(name: FactName): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM facts WHERE name = ?", name).toArray();
    return row?.value;
  }

  set(name: FactName, value: string): void {
    if (this.get(name) === value) return;
    this.#sql.exec("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value);
  }
}

type FactName =
  /** The settings' overrides, JSON. */
  | "settings"
  /** The last reported time up to which D1 has everything (ms). */
  | "archivedUntil"
  /** The UTC day on which presence last removed clients that stayed offline. */
  | "tidiedOn";
