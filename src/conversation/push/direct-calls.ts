import { withDeadline } from "../../deadline.ts";

/** Direct pushes under way in an isolate: beyond it, pushes go by the queue. */
const AT_ONCE = 50;
/** More than D1 and a provider that hangs may take together (ms): an earlier one would repeat pushes. */
const DEADLINE = 60_000;

/** The direct pushes of all conversations of an isolate. */
export class DirectCalls {
  #underWay = 0;

  /**
   * Makes a call with a deadline, if there is room for it; undefined if not. Rejects if the push is not settled.
   *
   * @param call resolves to why it is not
   */
  run(call: () => Promise<string | undefined>): Promise<void> | undefined {
    if (this.#underWay >= AT_ONCE) return undefined;
    this.#underWay += 1;
    return this.#settled(call);
  }

  async #settled(call: () => Promise<string | undefined>): Promise<void> {
    try {
      const why = await withDeadline(call(), DEADLINE, "direct push");
      if (why !== undefined) throw new Error(why);
    } finally {
      this.#underWay -= 1;
    }
  }
}
