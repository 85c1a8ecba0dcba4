import { EVENT_OUTBOX } from "../hooks/events/event-outbox.ts";
import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";

type Name =
  | "inbox"
  | "pushes"
  | "tags"
  | "logouts"
  | "standing"
  | "first_login"
  | "sessions"
  | "will"
  | "device_changes"
  | "refused"
  | "subscribed_services"
  | "event_outbox"
  | "rooms";

/** The tables of one client's object. */
export type ClientTables = Tables<Name>;

export const CLIENT_SCHEMA: Schema<Name> = {
  tables: {
    inbox: [
      "CREATE TABLE inbox (conversation_id TEXT PRIMARY KEY, pending INTEGER NOT NULL DEFAULT 1, " +
        "patched_at INTEGER NOT NULL DEFAULT 0, read_at INTEGER NOT NULL DEFAULT 0, " +
        "noticed_at INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    ],
    pushes: ["CREATE TABLE pushes (first_at INTEGER NOT NULL)"],
    tags: [
      "CREATE TABLE tags (tag TEXT PRIMARY KEY, device_id TEXT NOT NULL, generation INTEGER NOT NULL) WITHOUT ROWID",
    ],
    logouts: ["CREATE TABLE logouts (device TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID"],
    standing: [
      "CREATE TABLE standing (id INTEGER PRIMARY KEY CHECK (id = 1), kicked_at INTEGER, " +
        "banned_at INTEGER, ban_reason TEXT NOT NULL)",
    ],
    first_login: ["CREATE TABLE first_login (at INTEGER PRIMARY KEY, broadcasts_after INTEGER)"],
    sessions: [
      "CREATE TABLE sessions (session_id TEXT PRIMARY KEY, about TEXT NOT NULL, broken_at INTEGER) WITHOUT ROWID",
    ],
    will: [
      "CREATE TABLE will (id INTEGER PRIMARY KEY CHECK (id = 1), client_id TEXT NOT NULL, session_id TEXT NOT NULL, " +
        "conversation_id TEXT NOT NULL, message_id TEXT NOT NULL, content NOT NULL, " +
        "mention_all INTEGER NOT NULL, mentions TEXT NOT NULL, due_at INTEGER)",
    ],
    device_changes: [
      "CREATE TABLE device_changes (device TEXT PRIMARY KEY, change TEXT NOT NULL) WITHOUT ROWID",
    ],
    refused: ["CREATE TABLE refused (conversation_id TEXT PRIMARY KEY) WITHOUT ROWID"],
    subscribed_services: [
      "CREATE TABLE subscribed_services (conversation_id TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
    ],
    event_outbox: EVENT_OUTBOX,
    rooms: [
      "CREATE TABLE rooms (device TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, lost_at INTEGER) WITHOUT ROWID",
    ],
  },
  versions: [
    { table: "inbox", column: "pending", definition: "INTEGER NOT NULL DEFAULT 1" },
    { table: "inbox", column: "patched_at", definition: "INTEGER NOT NULL DEFAULT 0" },
    { table: "inbox", column: "read_at", definition: "INTEGER NOT NULL DEFAULT 0" },
    { table: "inbox", column: "noticed_at", definition: "INTEGER NOT NULL DEFAULT 0" },
    // Null: all that were sent since the first login.
    { table: "first_login", column: "broadcasts_after", definition: "INTEGER" },
  ],
};

export function clientTables(sql: Sql): ClientTables {
  return new Tables(sql, CLIENT_SCHEMA);
}
