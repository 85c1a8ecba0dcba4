import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Sql, SqlRows, SqlValue } from "../../src/sql.ts";

/** An object's SQLite, outside workerd: what survives when the object around it is thrown away. */
export class MemorySql implements Sql {
  readonly #database: DatabaseSync;
  /** Preparing takes longer than running. */
  readonly #statements = new Map<string, StatementSync>();

  /** @param path a file of an object, instead of memory */
  constructor(path = ":memory:") {
    this.#database = new DatabaseSync(path);
  }

  /** How many rows all tables have. */
  get rows(): number {
    const tables = this.exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table'",
    ).toArray();
    const counts = tables.map(({ name }) =>
      this.exec<{ rows: number }>(`SELECT count(*) AS rows FROM ${name}`),
    );
    return counts.reduce((sum, count) => sum + count.one().rows, 0);
  }

  close(): void {
    this.#database.close();
  }

  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]): SqlRows<Row> {
    const statement = this.#prepared(query);
    const values: SQLInputValue[] = bindings.map((value) =>
      value instanceof ArrayBuffer ? new Uint8Array(value) : value,
    );
    const rows: Row[] = [];
    for (const row of statement.all(...values)) rows.push(asRow(row));
    return {
      toArray: () => rows,
      one: () => {
        const [row] = rows;
        if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows for: ${query}`);
        return row;
      },
      [Symbol.iterator]: () => rows[Symbol.iterator](),
    };
  }

  #prepared(query: string): StatementSync {
    const statement = this.#statements.get(query) ?? this.#database.prepare(query);
    this.#statements.set(query, statement);
    return statement;
  }
}

/** Blobs as `ArrayBuffer`, as workerd has them. */
function asRow<Row>(row: Record<string, unknown>): Row;
function asRow(row: Record<string, unknown>): object {
  for (const name in row) {
    const value = row[name];
    if (value instanceof Uint8Array) row[name] = Uint8Array.from(value).buffer;
  }
  return row;
}
