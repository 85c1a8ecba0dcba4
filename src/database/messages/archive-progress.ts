/** How far D1 follows a conversation's log: its newest message and its newest change of one (ms, 0 for none). */
export interface Progress {
  timestamp: number;
  patchedAt: number;
}

/** A time (ms) as SQL tells it; 0 for none. Anything else, as of a table without that column, throws. */
export function timeIn(value: unknown, what: string): number {
  if (value === null) return 0;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`D1 says ${what} is ${JSON.stringify(value)}, which is no time`);
  }
  return value;
}
