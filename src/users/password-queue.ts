import { elapsed } from "../elapsed.ts";
import { PASSWORD_QUEUE } from "../request-bounds.ts";

/** Too many passwords wait to be worked on in time. */
export class TooManyPasswords extends Error {
  override name = "TooManyPasswords";
}

interface Work {
  source: string;
  /** In each round, every source that waits has one turn. */
  round: number;
  /** When it began, or last checked whether it is next (ms). */
  at: number;
}

/** How often (ms) the first ones check, and those far behind. */
const LOOK = { first: 5, last: 100 };
/** Work that has not checked for this long (ms) died with its request, which nothing reports. */
const GONE = 2_000;

/**
 * The passwords of an isolate: one at a time is worked on, and the sources that wait take turns. However much one of them
 * sends, another one waits for one password of each at most. If too many wait, those are refused that have the most of
 * their own source before them. A request cannot use a promise or timer of another one, so each checks by itself whether
 * it is next.
 */
export class PasswordQueue {
  readonly #bounds: typeof PASSWORD_QUEUE;
  /** In the order of arrival. */
  readonly #waiting = new Set<Work>();
  #running: Work | undefined;
  #round = 0;

  constructor(bounds = PASSWORD_QUEUE) {
    this.#bounds = bounds;
  }

  /**
   * Works on a password when it is its turn. Rejects with `TooManyPasswords`, and never begins, if that takes too long.
   *
   * @param source where it comes from; those that cannot be told apart are one
   */
  async run<Answer>(source: string, work: () => Promise<Answer>): Promise<Answer> {
    const mine = this.#enter(source);
    try {
      await this.#turn(mine);
      return await work();
    } finally {
      this.#waiting.delete(mine);
      if (this.#running === mine) this.#running = undefined;
    }
  }

  #enter(source: string): Work {
    const now = Date.now();
    this.#forgetGone(now);
    const own = [this.#running, ...this.#waiting].filter((one) => one?.source === source);
    const last = Math.max(-1, ...own.map((one) => one?.round ?? -1));
    const mine = { source, round: Math.max(this.#round, last + 1), at: now };
    this.#waiting.add(mine);
    return mine;
  }

  async #turn(mine: Work): Promise<void> {
    const since = mine.at;
    const { waiting, wait } = this.#bounds;
    for (;;) {
      const now = Date.now();
      mine.at = now;
      this.#forgetGone(now);
      const before = this.#before(mine);
      if (before === 0 && this.#running === undefined) {
        this.#waiting.delete(mine);
        this.#running = mine;
        this.#round = mine.round;
        return;
      }
      if (before >= waiting) throw new TooManyPasswords("too many passwords wait");
      if (elapsed(since, now) >= wait) throw new TooManyPasswords(`no turn in ${wait} ms`);
      const pause = Math.min(LOOK.first * (before + 1), LOOK.last);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  #forgetGone(now: number): void {
    if (this.#running && elapsed(this.#running.at, now) > this.#bounds.longest) this.#running = undefined;
    for (const one of this.#waiting) if (elapsed(one.at, now) > GONE) this.#waiting.delete(one);
  }

  /** How many have their turn before this one. */
  #before(mine: Work): number {
    let before = 0;
    let isEarlier = true;
    for (const one of this.#waiting) {
      if (one === mine) isEarlier = false;
      else if (one.round < mine.round || (isEarlier && one.round === mine.round)) before += 1;
    }
    return before;
  }
}
