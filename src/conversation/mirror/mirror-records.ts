import type { TheirMessage } from "../../mirror/hosted-app.ts";
import type { Tables } from "../../tables.ts";

/** The statements that create the tables of a mirrored conversation. */
export const MIRROR_TABLES = {
  // Messages that are here and at LeanCloud: their id and time there, and their place in the log.
  mirrored: [
    "CREATE TABLE mirrored (id TEXT PRIMARY KEY, sent_at INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID",
  ],
  // Places of messages that are to go to LeanCloud, and when each may first have arrived there.
  mirror_outbox: ["CREATE TABLE mirror_outbox (place INTEGER PRIMARY KEY, tried_at INTEGER)"],
};

type MirrorTables = Pick<Tables<"mirrored" | "mirror_outbox">, "has" | "read" | "add" | "change">;

/** A message that waits to go to LeanCloud. */
export interface WaitingMessage {
  /** Its place in the log. */
  place: number;
  /** When it was first sent (ms), if nobody knows whether it arrived. */
  triedAt: number | undefined;
}

/**
 * Which messages of a conversation are at LeanCloud as well, and which are to go there. Each is written in the turn in
 * which its message is. A conversation that was never mirrored has no tables.
 */
export class MirrorRecords {
  readonly #tables: MirrorTables;

  constructor(tables: MirrorTables) {
    this.#tables = tables;
  }

  /** Whether the conversation was never mirrored. Asking costs nothing. */
  get areNone(): boolean {
    return !this.#tables.has("mirrored") && !this.#tables.has("mirror_outbox");
  }

  /** The place here of a message over there; undefined if it is not known to be here. */
  placeOf(id: string): number | undefined {
    const [row] = this.#tables.read<{ place: number }>(
      "mirrored",
      "SELECT place FROM mirrored WHERE id = ?",
      id,
    );
    return row?.place;
  }

  /** A message is in both logs from now on. */
  pair({ id, sentAt }: TheirMessage, place: number): void {
    this.#tables.add(
      "mirrored",
      "INSERT INTO mirrored (id, sent_at, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      id,
      sentAt,
      place,
    );
    this.remove(place);
  }

  add(place: number): void {
    this.#tables.add("mirror_outbox", "INSERT INTO mirror_outbox (place) VALUES (?)", place);
  }

  /** The oldest message that waits. */
  get first(): WaitingMessage | undefined {
    const [row] = this.#tables.read<{ place: number; tried_at: number | null }>(
      "mirror_outbox",
      "SELECT place, tried_at FROM mirror_outbox ORDER BY place LIMIT 1",
    );
    return row && { place: row.place, triedAt: row.tried_at ?? undefined };
  }

  get waiting(): { count: number; since: number | undefined } {
    const [row] = this.#tables.read<{ count: number; since: number | null }>(
      "mirror_outbox",
      "SELECT count(*) AS count, min(place) AS since FROM mirror_outbox",
    );
    return { count: row?.count ?? 0, since: row?.since ?? undefined };
  }

  /** Notes, before a message is sent, that it may be over there from now on; or that it surely is not (undefined). */
  setTried(place: number, triedAt: number | undefined): void {
    this.#tables.change(
      "mirror_outbox",
      "UPDATE mirror_outbox SET tried_at = ? WHERE place = ?",
      triedAt ?? null,
      place,
    );
  }

  remove(place: number): void {
    this.#tables.change("mirror_outbox", "DELETE FROM mirror_outbox WHERE place = ?", place);
  }

  removeAll(): void {
    this.#tables.change("mirror_outbox", "DELETE FROM mirror_outbox");
  }
}
