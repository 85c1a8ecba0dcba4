import { storedRecord } from "../../protocol/link-records.ts";

/** The origin of messages and changes that no session made. */
export const NO_ORIGIN = 0;

/** A log entry that shows nothing and only advances the reader's position. */
export function skippedEntryRecord(timestamp: number, previous: number): Uint8Array {
  return storedRecord({ timestamp, previous }, NO_ORIGIN, {}, new Uint8Array());
}
