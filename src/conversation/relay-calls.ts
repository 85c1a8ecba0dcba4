import { RELAY_CALLS_AT_ONCE } from "../bounds.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";

/**
 * Limits the calls of one conversation to its members' objects: only a few are in flight at a time, and while more
 * wait, other work gets a turn after each. A single command may add 500 members, and each call may create an object.
 * The first calls begin at once.
 */
export class RelayCalls {
  readonly #pause: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(pause: () => Promise<void> = yieldToEventLoop) {
    this.#pause = pause;
  }

  /** Runs a call when there is room for it, in order. Start the call's deadline inside `call`. */
  async run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#running >= RELAY_CALLS_AT_ONCE)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await call();
    } finally {
      void this.#release();
    }
  }

  /** Hands the slot to the next waiting call, if there is one. */
  async #release(): Promise<void> {
    if (this.#waiting.length > 0) await this.#pause();
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
