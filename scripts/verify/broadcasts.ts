import { difference } from "./conversation.ts";
import type { Difference } from "./differences.ts";
import type { ServerSide } from "./server-side.ts";
import type { Side } from "./side.ts";

/**
 * Broadcasts to everybody that were valid over there and are not in the history of their service here, or differ.
 *
 * @param served conversations that are here; the broadcasts of others cannot be
 */
export async function* differingBroadcasts(
  { theirs, ours }: { theirs: Side; ours: ServerSide },
  served: ReadonlySet<string>,
): AsyncGenerator<Difference> {
  for await (const { conversation, id, message } of theirs.broadcasts()) {
    const about = { what: "lists/broadcasts", id: `${conversation} ${id}` };
    if (!served.has(conversation)) {
      yield { ...about, why: "their conversation is not here", isExpected: true };
      continue;
    }
    if (message === undefined) {
      yield { ...about, why: "the source does not tell sender, time and content", isExpected: true };
      continue;
    }
    const here = await ours.serviceMessage(conversation, message);
    const found =
      here === undefined ? { why: "is missing here", isExpected: false } : difference(message, here);
    if (found !== undefined) yield { ...about, ...found };
  }
}
