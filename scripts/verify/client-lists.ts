import type { Difference } from "./differences.ts";
import type { ServerSide } from "./server-side.ts";
import type { ClientListName, Side } from "./side.ts";

/**
 * Whoever is silenced or blocked over there and not here, conversation by conversation.
 *
 * @param served conversations that are here; the lists of others cannot be
 */
export async function* missingFromLists(
  list: ClientListName,
  { theirs, ours }: { theirs: Side; ours: ServerSide },
  served: ReadonlySet<string>,
): AsyncGenerator<Difference> {
  let here: { conversation: string; clients: Set<string>; members: Set<unknown> } | undefined;
  for await (const { conversation, client } of theirs.listed(list)) {
    const about = { what: `lists/${list}`, id: `${conversation} ${client}` };
    if (!served.has(conversation)) {
      yield { ...about, why: "their conversation is not here", isExpected: true };
      continue;
    }
    if (here?.conversation !== conversation) {
      const clients = await ours.clientsOn(list, conversation);
      const { members } = await ours.peopleOf(conversation);
      here = { conversation, clients, members };
    }
    if (here.clients.has(client)) continue;
    const isMember = list === "blacklists" && here.members.has(client);
    const why = isMember ? "is a member here, and not blocked" : "is missing here";
    yield { ...about, why, isExpected: isMember };
  }
}
