import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";

type Name = "waiting";

/** The tables of a queue's object. */
export type QueueTables = Tables<Name>;

export const QUEUE_SCHEMA: Schema<Name> = {
  tables: {
    waiting: [
      "CREATE TABLE waiting (place INTEGER PRIMARY KEY, event TEXT NOT NULL, " +
        "attempts INTEGER NOT NULL, due_at INTEGER NOT NULL)",
      "CREATE INDEX waiting_by_time ON waiting (due_at)",
    ],
  },
  versions: [],
};

export function queueTables(sql: Sql): QueueTables {
  return new Tables(sql, QUEUE_SCHEMA);
}
