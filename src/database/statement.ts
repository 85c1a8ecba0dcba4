import type { SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { SqlValue } from "../sql.ts";

/** D1's limit for one statement. */
const PARAMETERS_MAX = 100;

const dialect = new SQLiteSyncDialect();

/** Drizzle's own `run` loses the parameters of raw SQL in a batch, so statements are prepared here. */
export function statement(db: D1Database, query: SQL): D1PreparedStatement {
  const { sql, params } = dialect.sqlToQuery(query);
  return db.prepare(sql).bind(...params);
}

export const hasTooManyParameters = (query: SQL): boolean =>
  dialect.sqlToQuery(query).params.length > PARAMETERS_MAX;

/** A statement for an object's own SQLite, where only texts, numbers and null can be bound. */
export function objectStatement(query: SQL): { text: string; parameters: SqlValue[] } {
  const { sql, params } = dialect.sqlToQuery(query);
  const parameters = params.map((each) => {
    if (each === null || typeof each === "string" || typeof each === "number") return each;
    throw new Error(`not to be bound: ${typeof each}`);
  });
  return { text: sql, parameters };
}
