import { yieldToEventLoop } from "./yield-to-event-loop.ts";

/**
 * Runs a few calls at a time, in order. The first ones begin at once. While more wait, other work gets a turn after
 * each: while one call directly follows another, workerd reads no socket (seen 2026-11-23).
 */
export class LimitedCalls {
  readonly #atOnce: number;
  readonly #pause: () => Promise<void>;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce: number, pause: () => Promise<void> = yieldToEventLoop) {
    this.#atOnce = atOnce;
    this.#pause = pause;
  }

  /** Runs a call when there is room for it. Start the call's deadline inside `call`. */
  async run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#running >= this.#atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
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

/**
 * Does something for each of some items, a few at a time, in their order. Rejects as soon as one of them does.
 *
 * @param pause awaited after each, if there are more items than begin at once
 */
export async function forEachLimited<Item>(
  items: readonly Item[],
  atOnce: number,
  run: (item: Item, index: number) => Promise<void>,
  pause: () => Promise<void> = yieldToEventLoop,
): Promise<void> {
  const left = items.entries();
  const work = async () => {
    for (const [index, item] of left) {
      await run(item, index);
      if (items.length > atOnce) await pause();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}
