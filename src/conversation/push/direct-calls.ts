import { withDeadline } from "../../deadline.ts";
import { elapsed } from "../../elapsed.ts";

/** Direct pushes under way in an isolate: beyond it, pushes go by the queue. */
const AT_ONCE = 50;
/** More than D1 and a provider that hangs may take together (ms): an earlier one would repeat pushes. */
const DEADLINE = 60_000;

/** The direct pushes of all conversations of an isolate. */
export class DirectCalls {
  readonly #now: () => number;
  /** When each began (ms). A call whose object died has no end, not even its deadline's. */
  readonly #underWay = new Set<{ since: number }>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Makes a call with a deadline, if there is room for it; undefined if not. Rejects if the push is not settled.
   *
   * @param call resolves to why it is not
   */
  run(call: () => Promise<string | undefined>): Promise<void> | undefined {
    const now = this.#now();
    if (this.#underWay.size >= AT_ONCE) this.#forgetDead(now);
    if (this.#underWay.size >= AT_ONCE) return undefined;
    const started = { since: now };
    this.#underWay.add(started);
    return this.#settled(call).finally(() => this.#underWay.delete(started));
  }

  async #settled(call: () => Promise<string | undefined>): Promise<void> {
    const why = await withDeadline(call(), DEADLINE, "direct push");
    if (why !== undefined) throw new Error(why);
  }

  #forgetDead(now: number): void {
    for (const call of this.#underWay) if (elapsed(call.since, now) > DEADLINE) this.#underWay.delete(call);
  }
}
