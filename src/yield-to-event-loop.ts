interface Clock {
  timer(milliseconds: number, run: () => void): unknown;
}

const realClock: Clock = { timer: (milliseconds, run) => setTimeout(run, milliseconds) };

/**
 * Lets everything else that waits in this isolate run. Awaiting a call does not do that: while one call directly
 * follows another, workerd reads no socket.
 *
 * @param clock `timer` calls `run` after this many milliseconds
 */
export function yieldToEventLoop(clock: Clock = realClock): Promise<void> {
  return new Promise((resolve) => void clock.timer(0, resolve));
}
