import { EVENT_OUTBOX } from "../hooks/events/event-outbox.ts";
import type { Sql } from "../sql.ts";
import { type Schema, Tables } from "../tables.ts";
import { MIRROR_TABLES } from "./mirror/mirror-records.ts";

type Name =
  | "conversation"
  | "members"
  | "recent_reads"
  | "messages"
  | "notices"
  | "successor"
  | "roles"
  | "silences"
  | "temporary_silences"
  | "blacklist"
  | "refusals"
  | "event_outbox"
  | "mirrored"
  | "mirror_outbox"
  | "relays"
  | "dropped"
  // Of a service conversation alone.
  | "subscribers"
  | "left_subscribers"
  | "subscriber_count"
  | "readers"
  | "audiences"
  | "hidden_broadcasts"
  | "global_broadcasts";

/** The tables of one conversation's object. */
export type ConversationTables = Tables<Name>;

export const CONVERSATION_SCHEMA: Schema<Name> = {
  tables: {
    conversation: [
      "CREATE TABLE conversation (id INTEGER PRIMARY KEY CHECK (id = 1), facts TEXT NOT NULL, " +
        "indexed_at INTEGER NOT NULL, owed_since INTEGER, behind_since INTEGER, archived_at INTEGER)",
    ],
    members: [
      // Without a rowid the key is the row: one row written per change, no index beside it.
      "CREATE TABLE members (client_id TEXT PRIMARY KEY, joined_at INTEGER NOT NULL, muted INTEGER NOT NULL, " +
        "read_at INTEGER NOT NULL, delivered_at INTEGER NOT NULL, away INTEGER NOT NULL, " +
        "read_moved_at INTEGER NOT NULL DEFAULT 0, pushed_at INTEGER, read_moves TEXT, delivered_moves TEXT) " +
        "WITHOUT ROWID",
    ],
    // Read cursors that are ahead of their members' rows: JSON of client ids, cursors and when they moved.
    recent_reads: ["CREATE TABLE recent_reads (id INTEGER PRIMARY KEY CHECK (id = 1), reads TEXT NOT NULL)"],
    messages: [
      // Long columns come last: SQLite reads a row up to the last column that is asked for.
      "CREATE TABLE messages (timestamp INTEGER PRIMARY KEY, id TEXT NOT NULL, sender TEXT NOT NULL, token TEXT, " +
        "origin REAL NOT NULL, flags INTEGER NOT NULL, patched_at INTEGER, address TEXT, mentions TEXT, " +
        "recipients TEXT, content NOT NULL, imported TEXT, push_data TEXT, unpushed_after INTEGER)",
      // Partial: a message never edited has no entry, so it is still one row written.
      "CREATE INDEX messages_patched_at ON messages (patched_at) WHERE patched_at IS NOT NULL",
    ],
    notices: ["CREATE TABLE notices (at INTEGER PRIMARY KEY, notice TEXT NOT NULL)"],
    successor: ["CREATE TABLE successor (id TEXT NOT NULL)"],
    roles: [
      "CREATE TABLE roles (client_id TEXT PRIMARY KEY, info_id TEXT NOT NULL, role TEXT NOT NULL, " +
        "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) WITHOUT ROWID",
    ],
    silences: ["CREATE TABLE silences (client_id TEXT PRIMARY KEY) WITHOUT ROWID"],
    temporary_silences: [
      "CREATE TABLE temporary_silences (client_id TEXT PRIMARY KEY, ends_at INTEGER NOT NULL) WITHOUT ROWID",
    ],
    blacklist: ["CREATE TABLE blacklist (client_id TEXT PRIMARY KEY) WITHOUT ROWID"],
    refusals: ["CREATE TABLE refusals (client_id TEXT PRIMARY KEY) WITHOUT ROWID"],
    event_outbox: EVENT_OUTBOX,
    ...MIRROR_TABLES,
    subscribers: [
      "CREATE TABLE subscribers (client_id TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
    ],
    left_subscribers: ["CREATE TABLE left_subscribers (client_id TEXT PRIMARY KEY) WITHOUT ROWID"],
    subscriber_count: [
      "CREATE TABLE subscriber_count (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL)",
    ],
    readers: [
      "CREATE TABLE readers (client_id TEXT PRIMARY KEY, read_at INTEGER NOT NULL, read_moved_at INTEGER NOT NULL, " +
        "acknowledged_at INTEGER, muted INTEGER NOT NULL) WITHOUT ROWID",
    ],
    audiences: [
      "CREATE TABLE audiences (audience TEXT NOT NULL, at INTEGER NOT NULL, timestamp INTEGER NOT NULL, " +
        "PRIMARY KEY (audience, at)) WITHOUT ROWID",
    ],
    hidden_broadcasts: [
      "CREATE TABLE hidden_broadcasts (client_id TEXT NOT NULL, timestamp INTEGER NOT NULL, " +
        "PRIMARY KEY (client_id, timestamp)) WITHOUT ROWID",
    ],
    global_broadcasts: [
      "CREATE TABLE global_broadcasts (timestamp INTEGER PRIMARY KEY, message_id TEXT NOT NULL, " +
        "valid_till INTEGER NOT NULL, pass TEXT NOT NULL, reached TEXT NOT NULL)",
    ],
    dropped: [
      "CREATE TABLE dropped (id INTEGER PRIMARY KEY CHECK (id = 1), low INTEGER NOT NULL, normal INTEGER NOT NULL, " +
        "before INTEGER NOT NULL, up_to INTEGER NOT NULL)",
    ],
    // One row per relay while it serves anybody, none per session. Its registration is empty while what is in no log is
    // on its way to it (docs/rules.md, T3.4).
    relays: ["CREATE TABLE relays (relay INTEGER PRIMARY KEY, registration TEXT NOT NULL)"],
  },
  versions: [
    // A message of the first version names no session, so it goes to all of them.
    { table: "messages", column: "origin", definition: "REAL NOT NULL DEFAULT 0" },
    { table: "members", column: "read_moved_at", definition: "INTEGER NOT NULL DEFAULT 0" },
    { table: "members", column: "pushed_at", definition: "INTEGER" },
    { table: "notices", beside: "conversation" },
    { table: "messages", column: "recipients", definition: "TEXT" },
    { table: "messages", column: "address", definition: "TEXT" },
    { table: "conversation", column: "behind_since", definition: "INTEGER" },
    { table: "conversation", column: "archived_at", definition: "INTEGER" },
    // Moves of earlier versions are not known: their messages show the cursor.
    { table: "members", column: "read_moves", definition: "TEXT" },
    { table: "members", column: "delivered_moves", definition: "TEXT" },
    // What an import knows beside the other columns: JSON of `sentAt` and `deliveredAt`.
    { table: "messages", column: "imported", definition: "TEXT" },
    // What was to be pushed before is in the events' outbox.
    { table: "messages", column: "push_data", definition: "TEXT" },
    { table: "messages", column: "unpushed_after", definition: "INTEGER" },
  ],
};

export function conversationTables(sql: Sql): ConversationTables {
  return new Tables(sql, CONVERSATION_SCHEMA);
}
