import { QUERIES } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";

/** Too many queries are waiting to be answered in time. */
export class TooManyQueries extends Error {
  override name = "TooManyQueries";
}

interface Query {
  /** When it began, or last checked whether it is next (ms). */
  at: number;
}

/** How often (ms) the first ones check, and those far behind. */
const LOOK = { first: 5, last: 200 };
/** A query that has not checked for this long (ms) died with its object, which nothing reports. */
const GONE = 2_000;

/**
 * The queries of all clients of an isolate: a few at a time go to D1, the others wait in order of arrival. Each client
 * has one query here at a time, so that a client with many queries does not delay the others. An object cannot use a
 * promise or timer of another one, so each query checks by itself whether it is next.
 */
export class QueryQueue {
  readonly #bounds: typeof QUERIES;
  readonly #waiting = new Set<Query>();
  readonly #running = new Set<Query>();

  constructor(bounds = QUERIES) {
    this.#bounds = bounds;
  }

  /** Runs a query when it is next. Rejects with `TooManyQueries`, and never runs it, if that takes too long. */
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

  /** How many queries are before this one in the queue; below 0 if it may run. */
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
