/** 4xx that say "not now": a timeout, "too early" and a limit. */
const NOT_NOW = [408, 425, 429];

/** Whether a status refuses a call for good: the same one would be refused again. */
export function isFinalStatus(status: number): boolean {
  return status >= 400 && status <= 499 && !NOT_NOW.includes(status);
}
