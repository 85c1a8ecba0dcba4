import type { Sql } from "../../sql.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import { type CursorMoves, movesFromText, movesToText, withMove } from "./cursor-moves.ts";
import { type RecentRead, RecentReads } from "./recent-reads.ts";

/** One member as stored; one row each. */
export interface Member {
  clientId: string;
  joinedAt: number;
  /** Whether push is switched off (M-46). */
  muted: boolean;
  /** Everything at or before it is read; never moves back (I5). It starts where the member joined. */
  readCursor: number;
  /** When the read cursor last moved (ms), 0 if it never did. Devices that were away then are sent the new count. */
  readCursorMovedAt: number;
  /**
   * Everything at or before it reached one of the member's devices; never moves back. It is stored only when it matters
   * to others (`Receipts`), so storage may have an earlier value.
   */
  deliveredCursor: number;
  /** When the two cursors moved, as far as that is kept. */
  readMoves: CursorMoves;
  deliveredMoves: CursorMoves;
  /**
   * The member's `.1` devices miss the messages after it, as none of them acknowledged those; undefined until the first
   * of them logged in. Stored as `pushed_at`, a name from before "push" meant mobile push alone.
   */
  missedAfter: number | undefined;
  away: Away;
}

/**
 * Whether a member was offline at the last try: later messages wait for its next login and cost no call. `unseen`: no
 * login of it is known, and its first one will not find this conversation.
 */
export type Away = "no" | "away" | "unseen";

/** As stored, by their places. */
const STORED_AWAY: readonly Away[] = ["no", "away", "unseen"];

/** The members of a conversation, by client id, in the order in which they joined. */
export class Members {
  readonly #sql: Sql;
  readonly #recentReads: RecentReads;
  readonly #byId = new Map<string, Member>();

  constructor(tables: ConversationTables) {
    const { sql } = tables;
    this.#sql = sql;
    this.#recentReads = new RecentReads(tables);
    const rows = sql.exec<{
      client_id: string;
      joined_at: number;
      muted: number;
      read_at: number;
      read_moved_at: number;
      delivered_at: number;
      pushed_at: number | null;
      read_moves: string | null;
      delivered_moves: string | null;
      away: number;
    }>("SELECT * FROM members ORDER BY joined_at, client_id");
    for (const member of rows) {
      this.#byId.set(member.client_id, {
        clientId: member.client_id,
        joinedAt: member.joined_at,
        muted: member.muted === 1,
        readCursor: member.read_at,
        readCursorMovedAt: member.read_moved_at,
        deliveredCursor: member.delivered_at,
        readMoves: movesFromText(member.read_moves),
        deliveredMoves: movesFromText(member.delivered_moves),
        missedAfter: member.pushed_at ?? undefined,
        away: STORED_AWAY[member.away] ?? "no",
      });
    }
    this.#applyRecentReads();
  }

  /** A cursor that is not ahead of its member's row was written there since. */
  #applyRecentReads(): void {
    for (const [clientId, { readCursor, movedAt }] of [...this.#recentReads]) {
      const member = this.#byId.get(clientId);
      if (member === undefined || readCursor <= member.readCursor) this.#recentReads.drop(clientId);
      else setReadCursor(member, readCursor, movedAt);
    }
  }

  get size(): number {
    return this.#byId.size;
  }

  has(clientId: string): boolean {
    return this.#byId.has(clientId);
  }

  get(clientId: string): Member | undefined {
    return this.#byId.get(clientId);
  }

  keys(): IterableIterator<string> {
    return this.#byId.keys();
  }

  values(): IterableIterator<Member> {
    return this.#byId.values();
  }

  /**
   * @param readMovedAt 0, or for a client that was a member before, the time (ms): its devices must get a new count
   * @param readCursor everything at or before it is read already
   */
  add(clientId: string, joinedAt: number, readMovedAt: number, readCursor = joinedAt): void {
    this.#recentReads.joins(clientId);
    this.#byId.set(clientId, {
      clientId,
      joinedAt,
      muted: false,
      readCursor,
      readCursorMovedAt: readMovedAt,
      deliveredCursor: readCursor,
      readMoves: [],
      deliveredMoves: [],
      missedAfter: undefined,
      away: "no",
    });
    this.#sql.exec(
      "INSERT INTO members (client_id, joined_at, muted, read_at, delivered_at, away, read_moved_at) " +
        "VALUES (?, ?, 0, ?, ?, 0, ?)",
      clientId,
      joinedAt,
      readCursor,
      readCursor,
      readMovedAt,
    );
  }

  remove(clientId: string): void {
    this.#byId.delete(clientId);
    this.#recentReads.drop(clientId);
    this.#sql.exec("DELETE FROM members WHERE client_id = ?", clientId);
  }

  setMuted(member: Member, muted: boolean): void {
    member.muted = muted;
    this.#sql.exec("UPDATE members SET muted = ? WHERE client_id = ?", muted ? 1 : 0, member.clientId);
  }

  setAway(member: Member, away: Away): void {
    if (member.away === away) return;
    member.away = away;
    this.#sql.exec(
      "UPDATE members SET away = ? WHERE client_id = ?",
      STORED_AWAY.indexOf(away),
      member.clientId,
    );
  }

  /**
   * Moves a read cursor forward, and the delivered cursor with it; returns whether it moved (I5).
   *
   * @param readAt not after the head of the log
   * @param at the time of the move for receipts (ms); undefined if the conversation has none
   */
  moveReadCursor(member: Member, readAt: number, now: number, at: number | undefined): boolean {
    if (readAt <= member.readCursor) return false;
    const isNew = readAt > member.deliveredCursor;
    setReadCursor(member, readAt, nextMove(member, now));
    if (at !== undefined) {
      member.readMoves = withMove(member.readMoves, readAt, at);
      if (isNew) member.deliveredMoves = withMove(member.deliveredMoves, readAt, at);
    }
    this.#sql.exec(
      "UPDATE members SET read_at = ?, read_moved_at = ?, delivered_at = ?, read_moves = ?, delivered_moves = ? " +
        "WHERE client_id = ?",
      readAt,
      member.readCursorMovedAt,
      member.deliveredCursor,
      movesToText(member.readMoves),
      movesToText(member.deliveredMoves),
      member.clientId,
    );
    this.#recentReads.drop(member.clientId);
    return true;
  }

  /**
   * Moves read cursors forward as above, where nobody is shown the times. Several cost one row. Returns the members whose
   * cursors moved.
   *
   * @param cursors not after the head of the log
   */
  moveReadCursors(cursors: ReadonlyMap<Member, number>, now: number): Set<Member> {
    const moves = [...cursors].filter(([member, readCursor]) => readCursor > member.readCursor);
    const [first] = moves;
    if (first !== undefined && moves.length === 1) this.moveReadCursor(...first, now, undefined);
    if (moves.length <= 1) return new Set(moves.map(([member]) => member));
    const reads = moves.map(([member, readCursor]): [string, RecentRead] => {
      return [member.clientId, { readCursor, movedAt: nextMove(member, now) }];
    });
    this.#recentReads.store(reads, (clientId, { readCursor, movedAt }) =>
      this.#sql.exec(
        "UPDATE members SET read_at = ?, read_moved_at = ?, delivered_at = max(delivered_at, ?) WHERE client_id = ?",
        readCursor,
        movedAt,
        readCursor,
        clientId,
      ),
    );
    for (const [member, readCursor] of moves) setReadCursor(member, readCursor, nextMove(member, now));
    return new Set(moves.map(([member]) => member));
  }

  /**
   * Sets the read cursor of a member that has never read anything here to where it was on another service, forward or
   * back. Returns whether it moved.
   */
  importReadCursor(member: Member, readAt: number): boolean {
    if (member.readCursorMovedAt > 0 || member.readCursor === readAt) return false;
    member.readCursor = readAt;
    member.deliveredCursor = Math.max(member.deliveredCursor, readAt);
    this.#sql.exec(
      "UPDATE members SET read_at = ?, delivered_at = ? WHERE client_id = ?",
      readAt,
      member.deliveredCursor,
      member.clientId,
    );
    return true;
  }

  /** Stores how far a member's devices have acknowledged. */
  saveDelivered(member: Member): void {
    this.#sql.exec(
      "UPDATE members SET read_at = ?, read_moved_at = ?, delivered_at = ?, pushed_at = ?, delivered_moves = ? " +
        "WHERE client_id = ?",
      member.readCursor,
      member.readCursorMovedAt,
      member.deliveredCursor,
      member.missedAfter ?? null,
      movesToText(member.deliveredMoves),
      member.clientId,
    );
    this.#recentReads.drop(member.clientId);
  }
}

/** A read message is delivered, too. */
function setReadCursor(member: Member, readCursor: number, movedAt: number): void {
  member.readCursor = readCursor;
  member.readCursorMovedAt = movedAt;
  member.deliveredCursor = Math.max(member.deliveredCursor, readCursor);
}

/** When a cursor moves that moves now (ms): later than at its last move, even if the clock was set back. */
function nextMove({ readCursorMovedAt }: Member, now: number): number {
  return Math.max(now, readCursorMovedAt + 1);
}
