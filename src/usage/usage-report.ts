import { Busiest, type BusyConversation } from "./busiest.ts";
import { type UsageCountName, usageCountNames } from "./cost/use-of-counts.ts";

export const DAY = 24 * 60 * 60_000; // ms

/** Conversations that a day knows the use of. */
const PLACES = 128;

export type UsageName = UsageCountName | "messages";
export type Usage = Record<UsageName, number>;

/** What was used on a day (UTC). */
export interface DayUsage {
  counts: Usage;
  conversations: BusyConversation[];
}

/** What an isolate used and has not reported before. */
export interface UsageReport {
  /** The isolate, by a random id. */
  reporter: string;
  /** Counts the reports of this isolate. */
  number: number;
  /** By days since 1970. */
  days: Record<string, DayUsage>;
}

export const noUsage = (): Usage => ({
  messages: 0,
  objectRows: 0,
  objectRowsRead: 0,
  databaseRows: 0,
  databaseRowsRead: 0,
  databaseCalls: 0,
  socketMessages: 0,
  otherEvents: 0,
  queued: 0,
  directPushes: 0,
  workerRequests: 0,
  frames: 0,
});

const names: readonly UsageName[] = ["messages", ...usageCountNames];

/**
 * Several as one. What an earlier version did not count is 0.
 *
 * @param places for conversations; all of them have one if it is infinite
 */
export function sumOfUsages(usages: readonly DayUsage[], places = PLACES): DayUsage {
  const counts = noUsage();
  const busiest = new Busiest(places);
  for (const usage of usages) {
    for (const name of names) counts[name] += usage.counts[name] ?? 0;
    busiest.addAll(usage.conversations);
  }
  return { counts, conversations: busiest.top(places) };
}
