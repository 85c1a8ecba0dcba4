import type { ConversationTables } from "../conversation-tables.ts";

const NONE: ReadonlySet<number> = new Set();

/** Broadcasts that the app's server took out of what one client may read: a row each, and rare. */
export class HiddenBroadcasts {
  readonly #tables: ConversationTables;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  /** Their timestamps. */
  of(clientId: string): ReadonlySet<number> {
    const rows = this.#tables.read<{ timestamp: number }>(
      "hidden_broadcasts",
      "SELECT timestamp FROM hidden_broadcasts WHERE client_id = ?",
      clientId,
    );
    return rows.length === 0 ? NONE : new Set(rows.map(({ timestamp }) => timestamp));
  }

  add(clientId: string, timestamp: number): void {
    this.#tables.add(
      "hidden_broadcasts",
      "INSERT OR IGNORE INTO hidden_broadcasts VALUES (?, ?)",
      clientId,
      timestamp,
    );
  }
}
