/** The clock may be set back by so much (ms) before the runtime is started anew; by less, timers are late by it. */
const TOLERATED = 5_000;
const EVERY = 1_000; // ms

/** The wall clock, and one that is never set; both in milliseconds. */
export interface Clocks {
  wall(): number;
  steady(): number;
}

/** Tells by how much the wall clock was set back between two looks. */
export class ClockWatch {
  readonly #clocks: Clocks;
  #difference: number;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#difference = this.#now();
  }

  /** Milliseconds, where it is more than is tolerated; 0 else. */
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
 * Calls back when the wall clock was set back. Within objects that are awake the runtime's timers then stand still for
 * as long (workerd, November 2026): what they gather for D1, hooks and retries would wait. Looking costs nothing that
 * an object notices, and keeps no process from ending.
 */
export function watchClock(restart: (back: number) => void): void {
  const watch = new ClockWatch({ wall: () => Date.now(), steady: () => performance.now() });
  setInterval(() => {
    const back = watch.setBackBy();
    if (back > 0) restart(back);
  }, EVERY).unref();
}
