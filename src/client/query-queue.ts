import { QUERIES } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";

/** More queries are before D1 than can be answered in time. */
export class TooManyQueries extends Error {
  override name = "TooManyQueries";
}

/** When it began, or last looked whether it is its turn (ms). */
interface Query {
  at: number;
}

/** How often the first ones look (ms), and those far behind. */
const LOOK = { first: 5, last: 200 };
/** Who has not looked for so long (ms) died with its object: nobody says so. */
const GONE = 2_000;

/**
 * Queries of all clients of an isolate: a few at a time go to D1, the others wait for their turn, first come, first
 * served. Each client has one at a time here, so that one who asks for much keeps no others waiting. One object cannot
 * call another one's promise or timer: each looks by itself.
 */
export class QueryQueue {
  readonly #bounds: typeof QUERIES;
  readonly #waiting = new Set<Query>();
  readonly #running = new Set<Query>();

  constructor(bounds = QUERIES) {
    this.#bounds = bounds;
  }

  /** Runs it when its turn comes; rejects with `TooManyQueries`, and never runs it, where that takes too long. */
  async run<Answer>(query: () => Promise<Answer>): Promise<Answer> {
    const mine = { at: Date.now() };
    try {
      await this.#turn(mine);
      return await query();
    } finally {
      this.#waiting.delete(mine);
      this.#running.delete(mine);
    }
  }

  async #turn(mine: Query): Promise<void> {
    const since = mine.at;
    this.#waiting.add(mine);
    for (;;) {
      const now = Date.now();
      mine.at = now;
      const before = this.#before(mine, now);
      if (before < 0) {
        this.#waiting.delete(mine);
        this.#running.add(mine);
        return;
      }
      if (before >= this.#bounds.waiting) throw new TooManyQueries("too many queries wait");
      const { wait } = this.#bounds;
      if (elapsed(since, now) >= wait) throw new TooManyQueries(`no turn in ${wait} ms`);
      const pause = Math.min(LOOK.first * (before + 1), LOOK.last);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** How many have their turn before a place is free for this one; below 0 where one is. */
  #before(mine: Query, now: number): number {
    for (const one of this.#running)
      if (elapsed(one.at, now) > this.#bounds.longest) this.#running.delete(one);
    let before = this.#running.size - this.#bounds.atOnce;
    for (const one of this.#waiting) {
      if (one === mine) break;
      if (elapsed(one.at, now) > GONE) this.#waiting.delete(one);
      else before += 1;
    }
    return before;
  }
}
