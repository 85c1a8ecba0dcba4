import * as v from "valibot";
import { described, group, wholeNumber } from "./value-schemas.ts";

const DAY = 24 * 60 * 60 * 1_000; // ms
const LONGEST = 36_500; // days

/** How long things are kept (B-30). */
export const retentionSettings = () =>
  group({
    messageDays: v.optional(
      described(
        "The days for which messages are kept; 0 is for ever. LeanMessage had 180. Older messages are gone at once, and deleted bit by bit.",
        wholeNumber(0, LONGEST),
      ),
      0,
    ),
    idleConversationDays: v.optional(
      described(
        "A conversation without a new message or change for this many days is deleted; 0 is never. LeanMessage had 180.",
        wholeNumber(0, LONGEST),
      ),
      0,
    ),
  });

/** The settings, as far as they are asked here. */
interface WithRetention {
  retention: v.InferOutput<ReturnType<typeof retentionSettings>>;
}

/** The time (ms) from which messages are kept; 0 if that is for ever. */
export function messagesKeptFrom({ retention }: WithRetention, now: number): number {
  return keptFrom(retention.messageDays, now);
}

/** A conversation whose last activity is before this time (ms) is idle; 0 if none ever is. */
export function idleBefore({ retention }: WithRetention, now: number): number {
  return keptFrom(retention.idleConversationDays, now);
}

function keptFrom(days: number, now: number): number {
  return days === 0 ? 0 : Math.max(0, now - days * DAY);
}
