import { CATCH_UP_WAIT } from "../../bounds.ts";
import { elapsed } from "../../elapsed.ts";

/**
 * How long the commands of a session wait for conversations that it is being caught up on. As long as some
 * conversations answer, the others are likely to: on a busy machine, many of them take long. If none answers, they may
 * never.
 */
export class CatchUpDeadline {
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Some conversation answered at this time (ms). */
  answered(now: number): void {
    this.#answeredAt = now;
  }

  /** How long (ms) a command that has waited since then may still wait; 0 if it is to be refused. */
  remaining(since: number, now: number): number {
    const untilSilent = CATCH_UP_WAIT.silent - elapsed(Math.max(since, this.#answeredAt), now);
    return Math.max(Math.min(untilSilent, CATCH_UP_WAIT.longest - elapsed(since, now)), 0);
  }
}
