/** How far D1 follows a conversation's log: its newest message and its newest patch (ms, 0 for none). */
export interface ArchiveProgress {
  timestamp: number;
  patchedAt: number;
}

/** A time (ms) from SQL; 0 for none. Throws for anything else, for example if the table lacks the column. */
export function timeIn(value: unknown, what: string): number {
  if (value === null) return 0;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`D1 says ${what} is ${JSON.stringify(value)}, which is no time`);
  }
  return value;
}
