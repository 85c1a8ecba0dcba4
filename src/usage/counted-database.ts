/** Is told of each call of D1, with the rows of its queries. */
export type CountCall = (rowsRead: number, rowsWritten: number) => void;

/**
 * D1 with its calls and rows counted. D1 does not tell rows of `first` and `raw`, by which single rows and lists are
 * read: they count as calls alone.
 */
export class CountedDatabase implements D1Database {
  readonly #inner: D1Database;
  readonly #count: CountCall;

  constructor(inner: D1Database, count: CountCall) {
    this.#inner = inner;
    this.#count = count;
  }

  prepare(query: string): D1PreparedStatement {
    return new CountedStatement(this.#inner.prepare(query), this.#count);
  }

  async batch<T = unknown>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const results = await this.#inner.batch<T>(
      statements.map((each) => (each instanceof CountedStatement ? each.inner : each)),
    );
    countResults(results, this.#count);
    return results;
  }

  exec(query: string): Promise<D1ExecResult> {
    this.#count(0, 0);
    return this.#inner.exec(query);
  }

  withSession(constraint?: D1SessionBookmark | D1SessionConstraint): D1DatabaseSession {
    return this.#inner.withSession(constraint);
  }

  dump(): Promise<ArrayBuffer> {
    return this.#inner.dump();
  }
}

class CountedStatement implements D1PreparedStatement {
  readonly inner: D1PreparedStatement;
  readonly #count: CountCall;

  constructor(inner: D1PreparedStatement, count: CountCall) {
    this.inner = inner;
    this.#count = count;
  }

  bind(...values: unknown[]): D1PreparedStatement {
    return new CountedStatement(this.inner.bind(...values), this.#count);
  }

  first<T>(column?: string): Promise<T | null> {
    this.#count(0, 0);
    return column === undefined ? this.inner.first<T>() : this.inner.first<T>(column);
  }

  async run<T>(): Promise<D1Result<T>> {
    const result = await this.inner.run<T>();
    countResults([result], this.#count);
    return result;
  }

  async all<T>(): Promise<D1Result<T>> {
    const result = await this.inner.all<T>();
    countResults([result], this.#count);
    return result;
  }

  raw<T>(options: { columnNames: true }): Promise<[string[], ...T[]]>;
  raw<T>(options?: { columnNames?: false }): Promise<T[]>;
  raw<T>(options?: { columnNames?: boolean }): Promise<T[] | [string[], ...T[]]> {
    this.#count(0, 0);
    return options?.columnNames === true ? this.inner.raw<T>({ columnNames: true }) : this.inner.raw<T>();
  }
}

function countResults(results: readonly D1Result[], count: CountCall): void {
  let read = 0;
  let written = 0;
  for (const { meta } of results) {
    read += meta.rows_read;
    written += meta.rows_written;
  }
  count(read, written);
}
