const FIRST = 1_000; // ms
const MOST = 30_000; // ms

/**
 * How long to wait before a stream is asked for again, in ms. Half of it is by chance, so that not everybody comes back
 * at once.
 *
 * @param failures in a row
 */
export function waitAfter(failures: number, chance = Math.random()): number {
  const whole = Math.min(MOST, FIRST * 2 ** failures);
  return whole / 2 + (whole / 2) * chance;
}
