import type { ConversationTables } from "../conversation-tables.ts";

/** How far a client has come in a service conversation, subscribed or not. */
export interface Reader {
  /** Everything at or before it is read (ms); never moves back. */
  readCursor: number;
  /** When the cursor last moved (ms), 0 if it never did. */
  readCursorMovedAt: number;
  /** The newest message that a `.1` device acknowledged (ms); undefined if none did. */
  acknowledged: number | undefined;
  /** Whether push is switched off. */
  muted: boolean;
}

const NEW: Reader = { readCursor: 0, readCursorMovedAt: 0, acknowledged: undefined, muted: false };

/** The row of the start: no client id is empty. */
const IMPORTED = "";

type Row = { read_at: number; read_moved_at: number; acknowledged_at: number | null; muted: number };

/**
 * The read cursors and mutes of a service's clients: one row for each that has read, acknowledged or muted something.
 */
export class Readers {
  readonly #tables: ConversationTables;
  #start: number | undefined;

  constructor(tables: ConversationTables) {
    this.#tables = tables;
  }

  /** Everything at or before it counts as read for everybody who has not read here (ms): it was imported. */
  get start(): number {
    this.#start ??= this.#row(IMPORTED)?.read_at ?? 0;
    return this.#start;
  }

  /** Whether anything was ever imported. */
  get isImported(): boolean {
    return this.#row(IMPORTED) !== undefined;
  }

  /** Something was imported, up to a time (ms). */
  startAt(time: number): void {
    if (this.isImported && time <= this.start) return;
    this.#start = Math.max(time, this.start);
    this.#write(IMPORTED, { ...NEW, readCursor: this.#start });
  }

  get(clientId: string): Reader {
    const row = this.#row(clientId);
    if (row === undefined) return { ...NEW, readCursor: this.start };
    return {
      readCursor: row.read_at,
      readCursorMovedAt: row.read_moved_at,
      acknowledged: row.acknowledged_at ?? undefined,
      muted: row.muted === 1,
    };
  }

  /** Moves a read cursor forward, now (ms). Returns whether it moved. */
  moveReadCursor(clientId: string, readCursor: number, now: number): boolean {
    const reader = this.get(clientId);
    if (readCursor <= reader.readCursor) return false;
    const readCursorMovedAt = Math.max(now, reader.readCursorMovedAt + 1);
    this.#write(clientId, { ...reader, readCursor, readCursorMovedAt });
    return true;
  }

  /** A `.1` device has everything up to this message. */
  acknowledge(clientId: string, upTo: number): void {
    const reader = this.get(clientId);
    if (upTo > (reader.acknowledged ?? 0)) this.#write(clientId, { ...reader, acknowledged: upTo });
  }

  setMuted(clientId: string, muted: boolean): void {
    const reader = this.get(clientId);
    if (reader.muted !== muted) this.#write(clientId, { ...reader, muted });
  }

  /**
   * Sets the cursor of a client that has never read anything here to where it was on another service. Returns whether
   * it moved.
   */
  import(clientId: string, readCursor: number): boolean {
    const reader = this.get(clientId);
    if (reader.readCursorMovedAt > 0 || reader.readCursor === readCursor) return false;
    this.#write(clientId, { ...reader, readCursor });
    return true;
  }

  #row(clientId: string): Row | undefined {
    const [row] = this.#tables.read<Row>(
      "readers",
      "SELECT read_at, read_moved_at, acknowledged_at, muted FROM readers WHERE client_id = ?",
      clientId,
    );
    return row;
  }

  #write(clientId: string, { readCursor, readCursorMovedAt, acknowledged, muted }: Reader): void {
    this.#tables.add(
      "readers",
      "INSERT OR REPLACE INTO readers VALUES (?, ?, ?, ?, ?)",
      clientId,
      readCursor,
      readCursorMovedAt,
      acknowledged ?? null,
      muted ? 1 : 0,
    );
  }
}
