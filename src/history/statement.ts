import type { SQL } from "drizzle-orm";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";

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
