import * as clientEvents from "../../protocol/client-events.ts";
import { joinRecords, storedRecord } from "../../protocol/link-records.ts";
import type { Settings } from "../../settings/schema.ts";
import { historyVisibleFrom, isDeliveredTo, isVisibleTo } from "../log/visibility.ts";
import { hasReceipts } from "../membership/receipts.ts";
import type { ConversationState } from "../state.ts";
import type { Replay } from "./delivery-host.ts";

/** The origin of messages and changes that no session made. */
export const NO_ORIGIN = 0;

/**
 * Log entries after a time as one frame of records, for subscriptions and the relay. Entries from before the client
 * joined (or all, for a non-member; I12), and messages that are not for it or deleted, only advance its position. Edits
 * of messages from before it joined are included if it may read those.
 */
export function replayOf(
  state: ConversationState,
  clientId: string,
  after: number,
  limit: number,
  settings: Settings,
): Replay | undefined {
  const member = state.members.get(clientId);
  const visibleFrom = member?.joinedAt ?? Number.MAX_SAFE_INTEGER;
  const editsFrom = member === undefined ? visibleFrom : historyVisibleFrom(settings, member);
  const records: Uint8Array[] = [];
  let previous = state.log.upTo(after);
  const hidden = state.log.upTo(visibleFrom);
  if (hidden > after) {
    records.push(skippedEntryRecord(hidden, previous));
    previous = hidden;
  }
  const entries = state.log.entriesAfter(Math.max(after, visibleFrom), limit + 1);
  const page = entries.slice(0, limit);
  const { id: conversationId, kind } = state.facts;
  for (const entry of page) {
    const { message, origin } = entry;
    const position = { timestamp: entry.at, previous };
    previous = entry.at;
    const isShown =
      entry.kind === "message"
        ? isDeliveredTo(clientId, message)
        : isVisibleTo(clientId, message) && message.timestamp > editsFrom;
    if (!isShown) {
      records.push(skippedEntryRecord(position.timestamp, position.previous));
    } else if (entry.kind === "message") {
      const traits = { acknowledge: hasReceipts(state) };
      const event = clientEvents.message({ conversationId, kind, message });
      records.push(storedRecord(position, origin, traits, event));
    } else {
      // Sent even if this replay also has the message in its final form: the device may have got it before, unedited.
      const event = clientEvents.patched({ conversationId, message });
      records.push(storedRecord(position, origin, { patch: true }, event));
    }
  }
  if (records.length === 0) return undefined;
  return { frame: joinRecords(records), upTo: previous, more: entries.length > limit };
}

/** A log entry that shows nothing and only advances the reader's position. */
export function skippedEntryRecord(timestamp: number, previous: number): Uint8Array {
  return storedRecord({ timestamp, previous }, NO_ORIGIN, {}, new Uint8Array());
}
