import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";

type Name = "notifications" | "requests" | "tokens" | "working_profiles";

/** The tables of the object of pushes. */
export type PushTables = Tables<Name>;

export const PUSH_SCHEMA: Schema<Name> = {
  tables: {
    notifications: [
      "CREATE TABLE notifications (number INTEGER PRIMARY KEY AUTOINCREMENT, " +
        "state TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL, id TEXT NOT NULL, " +
        "notification TEXT NOT NULL)",
      "CREATE INDEX notifications_waiting ON notifications (at) WHERE state = 'waiting'",
    ],
    requests: [
      "CREATE TABLE requests (id TEXT PRIMARY KEY, notification_id TEXT NOT NULL, " +
        "created_at INTEGER NOT NULL) WITHOUT ROWID",
      "CREATE INDEX requests_by_time ON requests (created_at)",
    ],
    tokens: [
      "CREATE TABLE tokens (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, token TEXT NOT NULL, " +
        "made_at INTEGER NOT NULL, renew_at INTEGER NOT NULL, refused INTEGER NOT NULL) WITHOUT ROWID",
    ],
    working_profiles: [
      "CREATE TABLE working_profiles (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) WITHOUT ROWID",
    ],
  },
  versions: [],
};

export function pushTables(sql: Sql): PushTables {
  return new Tables(sql, PUSH_SCHEMA);
}
