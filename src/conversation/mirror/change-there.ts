import type { HostedApp, TheirMessage } from "../../mirror/hosted-app.ts";
import { isRecalled } from "../../protocol/recalled.ts";
import type { ConversationState } from "../state.ts";
import type { ChangeAnswer } from "./mirror-host.ts";
import type { MirrorRecords } from "./mirror-records.ts";

/** An edit or recall to be made here, of the message in a place of the log. */
export interface ChangeThere {
  place: number;
  /** Undefined for a recall. */
  content: string | undefined;
}

/**
 * A message may have been edited or recalled at LeanCloud: what it says there now is read, and counts, unless it was
 * changed here and that is still to go there, or was changed here while it was read. So whatever calls, in whatever order
 * and however often, a change never goes in circles.
 *
 * @param make makes the change here in the same turn
 */
export async function takeChange(
  theirs: TheirMessage,
  place: number | undefined,
  {
    state,
    records,
    hosted,
  }: {
    state: ConversationState;
    records: MirrorRecords;
    hosted: Pick<HostedApp, "message">;
  },
  make: (change: ChangeThere) => void,
): Promise<ChangeAnswer> {
  const before = place === undefined ? undefined : state.log.at(place);
  if (place === undefined || before === undefined) return "missing";
  if (before.recalled || records.isWaiting(place)) return "known";
  const there = await hosted.message({ ...theirs, conversation: state.facts });
  if (there.outcome === "unknown") return "later";
  const now = state.log.at(place);
  if (there.outcome === "none" || now === undefined || now.content === there.content) return "known";
  if (now.patchedAt !== before.patchedAt || records.isWaiting(place)) return "known";
  make({ place, content: isRecalled(there.content) ? undefined : there.content });
  return "changed";
}
