import type { Sql, SqlValue } from "./sql.ts";

/** The tables that one kind of object may have. */
export interface Schema<Name extends string> {
  /**
   * For each table, the statements that create it and its indexes in their present form. A new column stands last, where
   * `ALTER TABLE` puts it: rows are inserted by position.
   */
  readonly tables: Readonly<Record<Name, readonly string[]>>;
  /** What each version added to the tables of the one before, oldest first. None is ever changed or removed. */
  readonly versions: readonly Migration<Name>[];
}

/**
 * A column that the table of an earlier version lacks, a table that it lacks beside another one, or the primary key that
 * the table has since, with the same columns.
 */
export type Migration<Name extends string> =
  | { table: Name; column: string; definition: string }
  | { table: Name; beside: Name }
  | { table: Name; key: readonly string[] };

/**
 * The tables of one object's storage. Each is created by its first write, so an object for a name that nobody has
 * stores nothing, and a table that is never used costs nothing.
 *
 * Storage of an earlier version is migrated when it is first read. SQLite's own list of tables and columns says which
 * version that is: a number beside it would cost three more rows in every object. The list is read once per instance.
 */
export class Tables<Name extends string> {
  readonly sql: Sql;
  readonly #schema: Schema<Name>;
  #existing: Set<string> | undefined;

  constructor(sql: Sql, schema: Schema<Name>) {
    this.sql = sql;
    this.#schema = schema;
  }

  has(table: Name): boolean {
    return this.#load().has(table);
  }

  /** Creates those of some tables that do not exist. */
  create(...tables: readonly Name[]): void {
    for (const table of tables) {
      if (this.has(table)) continue;
      this.#create(table);
      this.#load().add(table);
    }
  }

  /** Reads a table. One that does not exist has no rows. */
  read<Row extends Record<string, SqlValue>>(table: Name, query: string, ...bindings: SqlValue[]): Row[] {
    return this.has(table) ? this.sql.exec<Row>(query, ...bindings).toArray() : [];
  }

  /** Adds rows to a table, and creates it before that if it does not exist. */
  add(table: Name, statement: string, ...bindings: SqlValue[]): void {
    this.create(table);
    this.sql.exec(statement, ...bindings);
  }

  /** Changes or removes rows of a table. One that does not exist has none. */
  change(table: Name, statement: string, ...bindings: SqlValue[]): void {
    if (this.has(table)) this.sql.exec(statement, ...bindings);
  }

  /** Drops all tables except these. */
  dropAllExcept(...kept: readonly Name[]): void {
    for (const table of namesIn(this.sql)) {
      if (!kept.some((name) => name === table)) this.sql.exec(`DROP TABLE "${table}"`);
    }
    this.forget();
  }

  /** To be called after the whole storage was deleted. */
  forget(): void {
    this.#existing = undefined;
  }

  #load(): Set<string> {
    this.#existing ??= this.#migrated();
    return this.#existing;
  }

  /** The tables that exist, in their present form. Storage that is up to date is not written. */
  #migrated(): Set<string> {
    const existing = new Set(namesIn(this.sql));
    const columns = new Map<string, Column[]>();
    for (const migration of this.#schema.versions) {
      const { table } = migration;
      if ("beside" in migration) {
        if (existing.has(table) || !existing.has(migration.beside)) continue;
        this.#create(table);
        existing.add(table);
      } else if (existing.has(table)) {
        const found = columns.get(table) ?? columnsOf(this.sql, table);
        columns.set(table, found);
        if ("key" in migration) this.#changeKey(table, keyOf(found), migration.key);
        else if (!found.some(({ name }) => name === migration.column))
          this.sql.exec(`ALTER TABLE ${table} ADD COLUMN ${migration.column} ${migration.definition}`);
      }
    }
    return existing;
  }

  #create(table: Name): void {
    for (const statement of this.#schema.tables[table]) this.sql.exec(statement);
  }

  /** SQLite changes no key: all rows move into a table in its present form. */
  #changeKey(table: Name, found: readonly string[], key: readonly string[]): void {
    if (found.join() === key.join()) return;
    this.sql.exec(`ALTER TABLE ${table} RENAME TO ${table}_before`);
    this.#create(table);
    this.sql.exec(`INSERT INTO ${table} SELECT * FROM ${table}_before`);
    this.sql.exec(`DROP TABLE ${table}_before`);
  }
}

/** Without the platform's own tables. */
function namesIn(sql: Sql): string[] {
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
  return tables.map(({ name }) => name).filter((name) => !/^(_cf_|sqlite_)/.test(name));
}

/** A column, and its place in the primary key, from 1 on; 0 if it is not in it. */
interface Column extends Record<string, string | number> {
  name: string;
  pk: number;
}

function columnsOf(sql: Sql, table: string): Column[] {
  return sql.exec<Column>(`PRAGMA table_info(${table})`).toArray();
}

function keyOf(columns: readonly Column[]): string[] {
  const inKey = columns.filter(({ pk }) => pk > 0).toSorted((one, other) => one.pk - other.pk);
  return inKey.map(({ name }) => name);
}
