import { CATCH_UP_WAIT } from "../bounds.ts";
import { elapsed } from "../elapsed.ts";

/**
 * How long the commands of a session wait for conversations that it is being caught up on. As long as conversations
 * go on answering, theirs will: on a busy machine many of them take long. Where none does, theirs may never.
 */
export class CatchUpWait {
  #answeredAt = Number.NEGATIVE_INFINITY;

  /** Conversations answered by now (ms). */
  answered(now: number): void {
    this.#answeredAt = now;
  }

  /** How long (ms) a command may go on waiting that has waited since then; 0 where it is to be refused. */
  left(since: number, now: number): number {
    const silent = CATCH_UP_WAIT.silent - elapsed(Math.max(since, this.#answeredAt), now);
    return Math.max(Math.min(silent, CATCH_UP_WAIT.longest - elapsed(since, now)), 0);
  }
}
