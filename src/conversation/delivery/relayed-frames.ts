import type { MessageRecord } from "../../model/records.ts";
import { joinRecords } from "../../protocol/link-records.ts";
import type { Narrowed, RelayedFrame } from "../../protocol/relay-calls.ts";
import type { ConversationState } from "../state.ts";
import { entryRecord } from "./replay.ts";
import { skippedEntryRecord } from "./skipped-entry.ts";

/** An entry of the log with its record, and the record for those who may not see it. */
export interface RelayedEntry {
  message: MessageRecord;
  /** Its place in the log (ms). */
  at: number;
  record: Uint8Array;
  hidden: Uint8Array | undefined;
}

/** Bytes of entries that share a frame. */
const FRAME_BYTES = 64 * 1024;

/** Entries of the log as frames for the sessions at relays: those for everybody share one. */
export function relayedFrames(entries: readonly RelayedEntry[]): RelayedFrame[] {
  const frames: RelayedFrame[] = [];
  const add = (frame: Uint8Array, upTo: number, narrowed: Narrowed | undefined) =>
    frames.push({ frame, narrowed, author: undefined, upTo, noticeAt: undefined, isEphemeral: false });
  let shared: Uint8Array[] = [];
  let bytes = 0;
  let last = 0;
  const addShared = () => {
    if (shared.length > 0) add(joinRecords(shared), last, undefined);
    shared = [];
    bytes = 0;
  };
  for (const { message, at, record, hidden } of entries) {
    const narrowed = narrowedTo(message, hidden);
    if (narrowed !== undefined || bytes + record.length > FRAME_BYTES) addShared();
    if (narrowed !== undefined) add(record, at, narrowed);
    else shared.push(record);
    bytes += record.length;
    last = at;
  }
  addShared();
  return frames;
}

/** A frame for everybody with an entry of the log at this time (ms). */
export function relayedEntry(frame: Uint8Array, upTo: number): RelayedFrame {
  return {
    frame,
    narrowed: undefined,
    author: undefined,
    upTo,
    noticeAt: undefined,
    isEphemeral: false,
  };
}

/** A frame with a notice of this time (ms) for some of the audience. */
export function relayedNotice(frame: Uint8Array, noticeAt: number, clientIds: string[]): RelayedFrame {
  const narrowed: Narrowed = { to: "these", clientIds, instead: undefined, isLast: false };
  return { frame, narrowed, author: undefined, upTo: undefined, noticeAt, isEphemeral: false };
}

/** Whom a message is for, if it is not for everybody. `instead` is for the others. */
export function narrowedTo(
  { from, recipients, noSync, deleted }: MessageRecord,
  instead: Uint8Array | undefined,
): Narrowed | undefined {
  if (deleted) return { to: "these", clientIds: [], instead, isLast: false };
  if (recipients !== undefined) {
    const clientIds = [...recipients.filter((id) => id !== from), ...(noSync ? [] : [from])];
    return { to: "these", clientIds, instead, isLast: false };
  }
  return noSync ? { to: "others", clientIds: [from], instead, isLast: false } : undefined;
}

/** Entries that are sent again after a restart, or told a relay that registers. */
const ENTRIES_MAX = 200;

/** The entries of the log after a time (ms), for the sessions at relays; undefined if they are many. */
export function recentEntries(state: ConversationState, after: number): RelayedFrame[] | undefined {
  const { log, service } = state;
  const all = log.entriesAfter(after, ENTRIES_MAX + 1);
  if (all.length > ENTRIES_MAX) return undefined;
  let previous = service?.previousOf("subscribers", after) ?? log.upTo(after);
  const relayed = all.flatMap((entry) => {
    const { at } = entry;
    // What is too old is for nobody, like what is deleted.
    const isGone = entry.message.timestamp < log.readableFrom.time;
    const message = isGone ? { ...entry.message, deleted: true } : entry.message;
    const audience = service?.audienceOf(message) ?? "subscribers";
    if (audience === "everybody") return [];
    // Whom it is not for has no gap without it, and is not told of it.
    const isForSome = audience !== "subscribers";
    const record = entryRecord(state, entry, isForSome ? 0 : previous);
    const hidden = isForSome ? undefined : skippedEntryRecord(at, previous);
    if (!isForSome) previous = at;
    return [{ message, at, record, hidden }];
  });
  return relayedFrames(relayed);
}
