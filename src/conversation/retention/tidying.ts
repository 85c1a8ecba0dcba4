import type { Settings } from "../../settings/schema.ts";
import type { OpenConversation } from "../assemble-conversation.ts";
import { EVERYBODY, SUBSCRIBERS } from "../service/audiences.ts";
import { keptFrom } from "./kept-from.ts";
import type { Tidied, TidyBounds } from "./tidied.ts";

/** Rows deleted in one turn: some milliseconds. */
const SLICE = 500;
/** Rows deleted by one call or alarm; the rest follows. */
const MOST = 10_000;

/**
 * Deletes a conversation's messages that are older than both its settings and `bounds` say, a slice in each turn. A hold
 * that begins meanwhile counts from the next slice on.
 */
export async function deleteExpired(
  open: OpenConversation,
  bounds: Pick<TidyBounds, "keptFrom">,
  { settings, now, nextTurn }: { settings: () => Settings; now: () => number; nextTurn: () => Promise<void> },
): Promise<Extract<Tidied, { outcome: "kept" }>> {
  let messages = 0;
  for (;;) {
    const before = Math.min(bounds.keptFrom, keptFrom(open.state, settings(), now()));
    if (before === 0 || open.state.isDeleted) return { outcome: "kept", messages, clearedTo: undefined };
    const { count, isComplete } = deleteSlice(open, before);
    messages += count;
    if (isComplete) return { outcome: "kept", messages, clearedTo: open.state.log.expired.oldest ?? before };
    if (messages >= MOST) return { outcome: "kept", messages, clearedTo: undefined };
    await nextTurn();
  }
}

/** Of a service, the index goes with them; of a mirrored conversation, what they are at LeanCloud. */
function deleteSlice({ state: { log, service }, mirror }: OpenConversation, before: number) {
  const deleted = log.expired.delete(before, SLICE);
  if (deleted.count === 0) return deleted;
  if (service !== undefined)
    for (const audience of [SUBSCRIBERS, EVERYBODY, ...deleted.clients])
      service.views.audiences.removeUpTo(audience, deleted.upTo);
  mirror.records.forgetUpTo(deleted.upTo);
  return deleted;
}
