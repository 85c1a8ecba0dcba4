import { CURSOR_MOVES } from "../../bounds.ts";

/**
 * The latest moves of a member's cursor, oldest first: where it moved to and when (ms). They are stored in the row that
 * a move writes anyway, while the conversation has receipts.
 */
export type CursorMoves = readonly (readonly [upTo: number, at: number])[];

export function withMove(moves: CursorMoves, upTo: number, at: number): CursorMoves {
  return [...moves, [upTo, at] as const].slice(-CURSOR_MOVES);
}

/** When a cursor passed a message (ms), or an upper bound; the cursor itself if the move is not known. */
export function coveredAt(moves: CursorMoves, cursor: number, timestamp: number): number | undefined {
  if (cursor < timestamp) return undefined;
  return moves.find(([upTo]) => upTo >= timestamp)?.[1] ?? cursor;
}

/** When the cursor reached its place (ms): never before an earlier answer (I5), and before any message after it. */
export function reachedAt(moves: CursorMoves, cursor: number): number {
  return Math.max(cursor, moves.at(-1)?.[1] ?? 0);
}

export function movesFromText(text: string | null | undefined): CursorMoves {
  if (text === null || text === undefined) return [];
  const moves: CursorMoves = JSON.parse(text);
  return moves;
}

/** The column of some moves; null for none. */
export function movesToText(moves: CursorMoves): string | null {
  return moves.length === 0 ? null : JSON.stringify(moves);
}
