import type { Sql } from "../sql.ts";
import type { AppTables } from "./app-tables.ts";

/** Single values by their name: one row each, written only when it changes. */
export class KeyValues {
  readonly #sql: Sql;

  constructor(tables: AppTables) {
    tables.create("facts");
    this.#sql = tables.sql;
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
  /** The number of shards for which every row is where it belongs. */
  | "shards"
  /** Of the first shard: how many shards may have rows while they move. */
  | "shardsWithRows"
  /** The settings' overrides, JSON. */
  | "settings"
  /** The last reported time up to which D1 has everything (ms). */
  | "archivedUntil"
  /** The UTC day on which presence last removed clients that stayed offline. */
  | "tidiedOn"
  /** The UTC day on which a daily quota was last used, and how often that day. */
  | `quota ${string}`;
