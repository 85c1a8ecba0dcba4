import type { ConversationControl, SubscriptionRequest } from "../protocol/link-controls.ts";
import { controlRecord, joinRecords, storedRecord } from "../protocol/link-records.ts";
import type { RelayedReplay } from "../protocol/relay-calls.ts";
import type { Registered } from "./registration.ts";

/**
 * What a session is sent first: what it lacks after its positions, or nothing if it has none.
 *
 * @param personalFrom the number of the first recent frame that came since the replay was asked for
 */
export function openingFrame(
  { clientId, origin, since, noticesAfter, isPresent: wasPresent }: SubscriptionRequest,
  isPresent: boolean,
  old: RelayedReplay | undefined,
  personalFrom: number,
  { head, lastNotice, recent, entry }: Registered,
): Uint8Array {
  const entriesAfter = old?.head ?? since ?? head;
  const laterNotices = old?.lastNotice ?? noticesAfter ?? lastNotice;
  const opened: ConversationControl = {
    type: "opened",
    since: old?.since ?? entriesAfter,
    head: old?.head ?? head,
    noticesAfter: old === undefined ? laterNotices : (noticesAfter ?? old.since),
    lastNotice: old?.lastNotice ?? lastNotice,
  };
  const records = [controlRecord(opened)];
  if (since === undefined && old === undefined)
    records.push(storedRecord({ timestamp: head, previous: 0 }, 0, {}, new Uint8Array()));
  if (old?.frame !== undefined) records.push(old.frame);
  const later = recent.after(entriesAfter, laterNotices, personalFrom, { clientId, origin, isPresent });
  if (later !== undefined) records.push(later);
  const presence: ConversationControl = { type: "presence", isPresent, isRoom: entry.isRoom };
  if (wasPresent || isPresent) records.push(controlRecord(presence));
  return joinRecords(records);
}
