import type { ConversationTables } from "../conversation-tables.ts";

/** A broadcast to everybody that a client which comes later still gets. Times are milliseconds. */
export interface GlobalBroadcast {
  timestamp: number;
  messageId: string;
  validTill: number;
}

/** The broadcasts to everybody, with their end: a row each, some thirty a day, removed a while after it. */
export class GlobalBroadcasts {
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  /** Those that have not ended at `now`, oldest first. */
  validAt(now: number): GlobalBroadcast[] {
    return this.#tables
      .read<{ timestamp: number; message_id: string; valid_till: number }>(
        "global_broadcasts",
        "SELECT timestamp, message_id, valid_till FROM global_broadcasts WHERE valid_till > ? ORDER BY timestamp",
        now,
      )
      .map((row) => ({ timestamp: row.timestamp, messageId: row.message_id, validTill: row.valid_till }));
  }

  add({ timestamp, messageId, validTill }: GlobalBroadcast): void {
    this.#tables.add(
      "global_broadcasts",
      "INSERT OR REPLACE INTO global_broadcasts VALUES (?, ?, ?)",
      timestamp,
      messageId,
      validTill,
    );
  }

  remove(timestamp: number): void {
    this.#tables.change("global_broadcasts", "DELETE FROM global_broadcasts WHERE timestamp = ?", timestamp);
  }

  /** Forgets those that have ended at `now`. Their messages stay in history. */
  forgetEnded(now: number): void {
    this.#tables.change("global_broadcasts", "DELETE FROM global_broadcasts WHERE valid_till <= ?", now);
  }
}
