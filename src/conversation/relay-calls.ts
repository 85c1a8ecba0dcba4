import { RELAY_CALLS_AT_ONCE } from "../bounds.ts";
import { aTurn } from "../turn.ts";

/**
 * Calls of one conversation to its members' objects: only so many are on their way at a time, and while more wait,
 * everybody else has a turn after each. One may put 500 into a conversation with a single command, and each call may
 * make an object. The first ones begin at once.
 */
export class RelayCalls {
  readonly #pause: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(pause: () => Promise<void> = aTurn) {
    this.#pause = pause;
  }

  /** Makes a call when there is room for it, in the order asked. What bounds its time has to begin in it. */
  async run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#running >= RELAY_CALLS_AT_ONCE)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await call();
    } finally {
      void this.#leave();
    }
  }

  /** Who waits takes over the place. */
  async #leave(): Promise<void> {
    if (this.#waiting.length > 0) await this.#pause();
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
