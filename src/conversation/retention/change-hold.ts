import type { Refused } from "../../protocol/outcome.ts";
import type { Hold } from "../facts.ts";

/** What decides on the hold of a conversation: its object. */
interface Decider {
  hold(): Promise<Hold | undefined | Refused>;
  setHold(hold: Hold | undefined): Promise<undefined | Refused>;
}

/** The list of holds by which messages in D1 are deleted or not. */
interface HoldList {
  save(hold: Hold): Promise<void>;
  drop(): Promise<void>;
}

/**
 * Puts a conversation on hold, or ends that, in its object and in the list (B-30). Of changes at the same moment, the
 * last one that the object takes is in both.
 *
 * @param hold undefined ends it
 * @returns why the object refused it: the conversation is gone, and is on no list
 */
export async function changeHold(
  decider: Decider,
  list: HoldList,
  hold: Hold | undefined,
): Promise<undefined | Refused> {
  const write = (value: Hold | undefined) => (value === undefined ? list.drop() : list.save(value));
  // The list first: nothing in D1 is deleted once the object says that it is on hold.
  if (hold !== undefined) await list.save(hold);
  const outcome = await decider.setHold(hold);
  if (outcome !== undefined) {
    await list.drop();
    return outcome;
  }
  let written = hold;
  for (;;) {
    await write(written);
    // Another change may have come to the list before this one, and to the object after it.
    const decided = await decider.hold();
    if (isRefused(decided)) {
      await list.drop();
      return undefined;
    }
    if (decided?.since === written?.since && decided?.reason === written?.reason) return undefined;
    written = decided;
  }
}

const isRefused = (answer: Hold | undefined | Refused): answer is Refused =>
  answer !== undefined && "refused" in answer;
