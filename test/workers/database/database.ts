import type { MessageRecord } from "../../../src/model/records.ts";
import { message as said } from "../../support/records.ts";

/** D1 that adds up what it would bill for batches, and can say how each statement was run. */
export class WatchedDatabase implements D1Database {
  rowsWritten = 0;
  rowsRead = 0;
  readonly #explanations: D1PreparedStatement[] = [];
  readonly #bound: D1PreparedStatement[] = [];
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** The steps of SQLite's query plans, of all statements so far. */
  async plans(): Promise<string[]> {
    const answers = await Promise.all(this.#explanations.map((each) => each.all<{ detail: string }>()));
    return answers.flatMap(({ results }) => results.map(({ detail }) => detail));
  }

  /** Runs every statement so far once more; they must only read. The rows that D1 bills for it. */
  async rowsReadAgain(): Promise<number> {
    const results = this.#bound.length === 0 ? [] : await this.#db.batch(this.#bound);
    return results.reduce((sum, { meta }) => sum + meta.rows_read, 0);
  }

  async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    const results = await this.#db.batch<T>(statements);
    for (const { meta } of results) {
      this.rowsWritten += meta.rows_written;
      this.rowsRead += meta.rows_read;
    }
    return results;
  }

  prepare(query: string): D1PreparedStatement {
    const statement = this.#db.prepare(query);
    const explanation = this.#db.prepare(`EXPLAIN QUERY PLAN ${query}`);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      this.#explanations.push(explanation.bind(...values));
      const bound = bind(...values);
      this.#bound.push(bound);
      return bound;
    };
    return statement;
  }

  exec(query: string): Promise<D1ExecResult> {
    return this.#db.exec(query);
  }

  withSession(constraint?: string): D1DatabaseSession {
    return this.#db.withSession(constraint);
  }

  dump(): Promise<ArrayBuffer> {
    return this.#db.dump();
  }
}

export function message(timestamp: number, fields: Partial<MessageRecord> = {}): MessageRecord {
  return said(timestamp, { from: "alice", ...fields });
}
