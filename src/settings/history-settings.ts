import * as v from "valibot";
import { booleanSetting, described, group, setElsewhere, wholeNumber } from "./value-schemas.ts";

/** The copy of messages in D1, which queries over all conversations read. */
export const historySettings = () =>
  group({
    archive: v.optional(
      described(
        "What D1 keeps of messages: `all`; those of the last `archiveDays` days; or none with `off`. A conversation's own history is whole in any case.",
        v.picklist(["all", "days", "off"], "must be all, days or off"),
      ),
      "all",
    ),
    archiveDays: v.optional(
      described("The age that messages in D1 reach with `days`.", wholeNumber(1, 36_500)),
      180,
    ),
    deleteArchived: v.optional(
      described(
        "With `off`, the messages that D1 has from before are deleted, some each day.",
        booleanSetting(),
      ),
      false,
    ),
    archivedSince: v.optional(
      described(
        "The time (ms) since when D1 has all messages. Set by changes of `archive` and `archiveDays` alone.",
        setElsewhere(v.number("must be a time")),
      ),
      0,
    ),
  });

type HistorySettings = v.InferOutput<ReturnType<typeof historySettings>>;

const DAY = 24 * 60 * 60 * 1_000; // ms
/**
 * From this many milliseconds after a change on, every message is copied by the new settings: to store
 * them may take 2 s, and then they spread (`SETTINGS_SPREAD`).
 */
const CHANGE_REACHES_ALL = 10_000;

/** Messages of this time (ms) and later are written to D1; none if it is infinite. */
export function writtenSince({ archive, archiveDays }: HistorySettings, now: number): number {
  if (archive === "off") return Number.POSITIVE_INFINITY;
  return archive === "days" ? now - archiveDays * DAY : 0;
}

/** D1 has all messages of this time (ms) and later; no answer from D1 goes further back. */
export function readableSince(history: HistorySettings, now: number): number {
  return Math.max(history.archivedSince, writtenSince(history, now));
}

/** D1 does not keep messages from before this time (ms); undefined if all that it has stay. */
export function unkeptBefore(history: HistorySettings, now: number): number | undefined {
  if (history.archive === "days") return writtenSince(history, now);
  return history.archive === "off" && history.deleteArchived ? now : undefined;
}

/** `archivedSince` after a change of these settings at a time (ms): what D1 did not keep before is missing for ever. */
export function archivedSinceAfter(before: HistorySettings, after: HistorySettings, now: number): number {
  const { archivedSince } = before;
  if (before.archive === "off")
    return after.archive === "off" ? archivedSince : Math.max(archivedSince, now + CHANGE_REACHES_ALL);
  if (before.archive === "all") return archivedSince;
  const isSame = after.archive === "days" && after.archiveDays === before.archiveDays;
  return isSame ? archivedSince : Math.max(archivedSince, writtenSince(before, now));
}
