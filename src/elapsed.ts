/**
 * How long ago something was (ms). Where the clock was set back since, that is not known: then it was long ago, so
 * that nothing is waited for until the clock is there again.
 */
export function elapsed(since: number, now: number): number {
  return now < since ? Number.POSITIVE_INFINITY : now - since;
}
