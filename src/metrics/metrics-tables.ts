import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";

type Name = "quarters" | "hours" | "days";

/** The tables of the MetricsObject. */
export type MetricsTables = Tables<Name>;

export const METRICS_SCHEMA: Schema<Name> = {
  tables: {
    // By their beginning (ms): quarters of an hour with each of their minutes, and hours.
    quarters: ["CREATE TABLE quarters (start INTEGER PRIMARY KEY, content TEXT NOT NULL)"],
    hours: ["CREATE TABLE hours (start INTEGER PRIMARY KEY, span TEXT NOT NULL)"],
    // What was used on each day since 1970.
    days: ["CREATE TABLE days (day INTEGER PRIMARY KEY, content TEXT NOT NULL)"],
  },
  versions: [],
};

export function metricsTables(sql: Sql): MetricsTables {
  return new Tables(sql, METRICS_SCHEMA);
}
