import { MARK_MOVES } from "../bounds.ts";

/**
 * When a member's mark was moved where: his latest moves, the oldest first, each with up to where it then stood and the
 * time of the move (ms). They lie in the row that a move writes anyway. Kept while a conversation has receipts.
 */
export type MarkMoves = readonly (readonly [upTo: number, at: number])[];

export function withMove(moves: MarkMoves, upTo: number, at: number): MarkMoves {
  return [...moves, [upTo, at] as const].slice(-MARK_MOVES);
}

/** When a message was covered by a mark (ms), or at the latest; the mark itself where that is not known. */
export function coveredAt(moves: MarkMoves, mark: number, timestamp: number): number | undefined {
  if (mark < timestamp) return undefined;
  return moves.find(([upTo]) => upTo >= timestamp)?.[1] ?? mark;
}

/** When the mark got to where it is; never before an earlier answer (I5), and before any message after the mark. */
export function reachedAt(moves: MarkMoves, mark: number): number {
  return Math.max(mark, moves.at(-1)?.[1] ?? 0);
}

export function movesIn(text: string | null | undefined): MarkMoves {
  if (text === null || text === undefined) return [];
  const moves: MarkMoves = JSON.parse(text);
  return moves;
}
