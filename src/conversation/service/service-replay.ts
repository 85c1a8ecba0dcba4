import * as clientEvents from "../../protocol/client-events.ts";
import { joinRecords, storedRecord } from "../../protocol/link-records.ts";
import { NO_ORIGIN, skippedEntryRecord } from "../delivery/skipped-entry.ts";
import { isDeliveredTo } from "../log/visibility.ts";
import type { ConversationState } from "../state.ts";
import type { ServiceState } from "./service-state.ts";

/** The most that is replayed: a session further behind logs in again (L7.3). */
const ENTRIES_MAX = 5_000;
const BYTES_MAX = 8 * 2 ** 20;
/** Entries read from the log at a time. */
const PAGE = 200;

/**
 * The entries after a time that a client may see, as one frame of records, for a subscription that opens. The last one
 * moves its position to the end of the log: what is between is for others. Undefined if there are none.
 */
export function replayOfService(
  state: ConversationState,
  service: ServiceState,
  clientId: string,
  after: number,
): Uint8Array | "too far behind" | undefined {
  const { id: conversationId, kind: conversationKind } = state.facts;
  const { end } = state.log;
  if (after >= end) return undefined;
  const records: Uint8Array[] = [];
  let bytes = 0;
  let previous = state.log.upTo(after);
  for (let from: number | undefined = after; from !== undefined; ) {
    const page = service.views.entriesAfter(clientId, from, PAGE);
    for (const { at: timestamp, kind, message, origin } of page.entries) {
      const position = { timestamp, previous };
      const record =
        kind === "patch"
          ? storedRecord(
              position,
              NO_ORIGIN,
              { patch: true },
              clientEvents.patched({ conversationId, message }),
            )
          : isDeliveredTo(clientId, message)
            ? storedRecord(
                position,
                origin,
                {},
                clientEvents.message({ conversationId, kind: conversationKind, message }),
              )
            : skippedEntryRecord(timestamp, previous);
      records.push(record);
      bytes += record.length;
      previous = timestamp;
    }
    if (records.length > ENTRIES_MAX || bytes > BYTES_MAX) return "too far behind";
    from = page.end;
  }
  if (previous < end) records.push(skippedEntryRecord(end, previous));
  return joinRecords(records);
}
