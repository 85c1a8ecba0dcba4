import { Refused } from "./failures.ts";

/* A Parley's list of all messages may lack older ones, which the histories of conversations have. */

/** From when on the list is complete (ms); only where it does not have all messages. */
const COMPLETE_SINCE = "X-Parley-Complete-Since";

/** The time (ms) from which on an answer has all messages; 0 for all. */
export function completeSince(headers: Headers): number {
  return Number(headers.get(COMPLETE_SINCE) ?? 0);
}

/** Whether a server refuses its list of all messages because it keeps none. */
export function keepsNoList(error: unknown): boolean {
  return error instanceof Refused && error.status === 403 && error.reason.includes("history.archive");
}
