/** The runtime restarts if the clock is set back by more than this (ms); a smaller step only delays timers. */
const TOLERATED = 5_000;
const EVERY = 1_000; // ms

/** The wall clock and a monotonic clock, in milliseconds. */
export interface Clocks {
  wall(): number;
  steady(): number;
}

/** Measures how far the wall clock was set back since the last check. */
export class ClockWatch {
  readonly #clocks: Clocks;
  #difference: number;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#difference = this.#now();
  }

  /** Milliseconds if above the tolerance, else 0. */
  setBackBy(): number {
    const before = this.#difference;
    this.#difference = this.#now();
    const back = before - this.#difference;
    return back > TOLERATED ? back : 0;
  }

  #now(): number {
    return this.#clocks.wall() - this.#clocks.steady();
  }
}

/**
 * Calls back after the wall clock was set back. In awake objects the runtime's timers then stop for as long (workerd,
 * November 2026): batches for D1, hooks and retries would wait. The check costs the objects nothing and does not keep
 * the process alive.
 */
export function watchClock(restart: (back: number) => void): void {
  const watch = new ClockWatch({ wall: () => Date.now(), steady: () => performance.now() });
  setInterval(() => {
    const back = watch.setBackBy();
    if (back > 0) restart(back);
  }, EVERY).unref();
}
