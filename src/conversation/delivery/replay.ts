import * as clientEvents from "../../protocol/client-events.ts";
import { joinRecords, type StoredTraits, storedRecord } from "../../protocol/link-records.ts";
import type { Settings } from "../../settings/schema.ts";
import type { Entry } from "../log/log.ts";
import { historyVisibleFrom, isDeliveredTo, isVisibleTo } from "../log/visibility.ts";
import { hasReceipts } from "../membership/receipts.ts";
import type { ConversationState } from "../state.ts";
import { skippedEntryRecord } from "./skipped-entry.ts";

/** The most that is replayed: a session further behind logs in again, and its catch-up covers the distance (L7.3). */
const ENTRIES_MAX = 5_000;
const BYTES_MAX = 8 * 2 ** 20;
/** The most that one of those present in a room is replayed: less than what is refused. */
const AUDIENCE_ENTRIES = 1_000;
/** Entries read from the log at a time. */
const PAGE = 200;

/**
 * Log entries after a time as one frame of records, for a subscription that opens; undefined if there are none. Entries
 * from before the client joined (or all, for a non-member; I12), and messages that are not for it, deleted, or older than
 * messages are kept, only advance its position. Edits of messages from before it joined are included if it may read those.
 */
export function replayOf(
  state: ConversationState,
  clientId: string,
  after: number,
  settings: Settings,
): Uint8Array | "too far behind" | undefined {
  const member = state.members.get(clientId);
  const gone = state.log.readableFrom.time - 1;
  const seen = state.rules.hasMembers
    ? (member?.joinedAt ?? Number.MAX_SAFE_INTEGER)
    : recentlyVisibleFrom(state, after);
  const visibleFrom = Math.max(seen, gone);
  const editsFrom = Math.max(member === undefined ? seen : historyVisibleFrom(settings, member), gone);
  const records: Uint8Array[] = [];
  let bytes = 0;
  let previous = state.log.upTo(after);
  const hidden = state.log.upTo(visibleFrom);
  if (hidden > after) {
    records.push(skippedEntryRecord(hidden, previous));
    previous = hidden;
  }
  for (let from = Math.max(after, visibleFrom); ; from = previous) {
    const page = state.log.entriesAfter(from, PAGE);
    for (const entry of page) {
      const record = recordOf(state, clientId, entry, previous, editsFrom);
      records.push(record);
      bytes += record.length;
      previous = entry.at;
    }
    if (records.length > ENTRIES_MAX || bytes > BYTES_MAX) return "too far behind";
    if (page.length < PAGE) return records.length === 0 ? undefined : joinRecords(records);
  }
}

/** Those who are in a room may see everything. Of old entries, only the newest are replayed. */
function recentlyVisibleFrom({ log }: ConversationState, after: number): number {
  return Math.max(after, log.timeBefore(AUDIENCE_ENTRIES));
}

/** @param editsFrom ms: the client is not shown edits of messages up to this time */
function recordOf(
  state: ConversationState,
  clientId: string,
  entry: Entry,
  previous: number,
  editsFrom: number,
): Uint8Array {
  const { at, kind, message } = entry;
  const isShown =
    kind === "message"
      ? isDeliveredTo(clientId, message)
      : isVisibleTo(clientId, message) && message.timestamp > editsFrom;
  return isShown ? entryRecord(state, entry, previous) : skippedEntryRecord(at, previous);
}

/** The record of an entry, for those who may see it. */
export function entryRecord(
  state: ConversationState,
  { at: timestamp, kind, message, origin }: Entry,
  previous: number,
): Uint8Array {
  const { id: conversationId, kind: conversationKind } = state.facts;
  const position = { timestamp, previous };
  if (kind === "message") {
    const event = clientEvents.message({ conversationId, kind: conversationKind, message });
    return storedRecord(position, origin, messageTraits(state), event);
  }
  // Sent even if this replay also has the message in its final form: the device may have got it before, unedited.
  const event = clientEvents.patched({ conversationId, message });
  return storedRecord(position, origin, { patch: true }, event);
}

/** What gateways need to know of a message. */
export function messageTraits(state: ConversationState): Partial<StoredTraits> {
  return { acknowledge: hasReceipts(state), unconfirmed: !state.rules.isAcknowledged };
}
