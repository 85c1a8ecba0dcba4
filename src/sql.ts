export type SqlValue = string | number | null | ArrayBuffer;

/** The synchronous SQLite of an object, as far as rules use it; a Durable Object's `storage.sql` is one. */
export interface Sql {
  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlValue[]): SqlRows<Row>;
}

export interface SqlRows<Row> extends Iterable<Row> {
  toArray(): Row[];
  /** The only row; throws when there is none or another. */
  one(): Row;
}
