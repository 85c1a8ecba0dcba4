import type { TheirMessage } from "../../mirror/hosted-app.ts";
import type { Tables } from "../../tables.ts";

/** The statements that create the tables of a mirrored conversation. */
export const MIRROR_TABLES = {
  // Messages that are here and at LeanCloud: their id and time there, and their place in the log.
  mirrored: [
    "CREATE TABLE mirrored (id TEXT PRIMARY KEY, sent_at INTEGER NOT NULL, place INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX mirrored_by_place ON mirrored (place)",
  ],
  // Places of messages that are to go to LeanCloud, or have changed since they went; since when one may have arrived
  // there that was sent and had no answer, and with which content.
  mirror_outbox: [
    "CREATE TABLE mirror_outbox (place INTEGER PRIMARY KEY, tried_at INTEGER, content TEXT)",
    "CREATE INDEX mirror_outbox_tried ON mirror_outbox (place) WHERE tried_at IS NOT NULL",
  ],
};

type MirrorTables = Pick<Tables<"mirrored" | "mirror_outbox">, "has" | "read" | "add" | "change">;

/** A message that was sent to LeanCloud, and nobody knows whether it arrived. */
export interface Tried {
  /** When it was first sent (ms). */
  at: number;
  content: string;
}

/** A message that waits to go to LeanCloud, or whose change does. */
export interface WaitingMessage {
  /** Its place in the log. */
  place: number;
  tried: Tried | undefined;
}

type OutboxRow = { place: number; tried_at: number | null; content: string | null };

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

  /** The message over there that is in this place here; undefined if none is known. */
  theirsAt(place: number): TheirMessage | undefined {
    const [row] = this.#tables.read<{ id: string; sent_at: number }>(
      "mirrored",
      "SELECT id, sent_at FROM mirrored WHERE place = ?",
      place,
    );
    return row && { id: row.id, sentAt: row.sent_at };
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
    this.#tables.add(
      "mirror_outbox",
      "INSERT INTO mirror_outbox (place) VALUES (?) ON CONFLICT DO NOTHING",
      place,
    );
  }

  /** The messages up to a place are deleted here. */
  forgetUpTo(place: number): void {
    this.#tables.change("mirrored", "DELETE FROM mirrored WHERE place <= ?", place);
    this.#tables.change("mirror_outbox", "DELETE FROM mirror_outbox WHERE place <= ?", place);
  }

  /** Whether the message in this place, or a change of it, is still to go there. */
  isWaiting(place: number): boolean {
    return (
      this.#tables.read("mirror_outbox", "SELECT 1 FROM mirror_outbox WHERE place = ?", place).length > 0
    );
  }

  /** The message that was sent and had no answer, of which there is one at most; else the oldest one that waits. */
  get first(): WaitingMessage | undefined {
    const [row] = this.#rows("WHERE tried_at IS NOT NULL LIMIT 1");
    const [oldest] = row === undefined ? this.#rows("ORDER BY place LIMIT 1") : [row];
    if (oldest === undefined) return undefined;
    const { place, tried_at: at, content } = oldest;
    return { place, tried: at === null || content === null ? undefined : { at, content } };
  }

  #rows(which: string): OutboxRow[] {
    return this.#tables.read<OutboxRow>(
      "mirror_outbox",
      `SELECT place, tried_at, content FROM mirror_outbox ${which}`,
    );
  }

  get waiting(): { count: number; since: number | undefined } {
    const [row] = this.#tables.read<{ count: number; since: number | null }>(
      "mirror_outbox",
      "SELECT count(*) AS count, min(place) AS since FROM mirror_outbox",
    );
    return { count: row?.count ?? 0, since: row?.since ?? undefined };
  }

  /** Notes, before a message is sent, that it may be over there from now on; or that it surely is not (undefined). */
  setTried(place: number, tried: Tried | undefined): void {
    this.#tables.change(
      "mirror_outbox",
      "UPDATE mirror_outbox SET tried_at = ?, content = ? WHERE place = ?",
      tried?.at ?? null,
      tried?.content ?? null,
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
