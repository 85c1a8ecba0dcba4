/**
 * How long ago something was (ms). If the clock was set back since, that is not known. Then it counts as long ago, so
 * that nothing waits until the clock has caught up.
 */
export function elapsed(since: number, now: number): number {
  return now < since ? Number.POSITIVE_INFINITY : now - since;
}
