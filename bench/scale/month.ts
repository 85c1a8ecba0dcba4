import type { AppLoad } from "./app-load.ts";
import { assumptions } from "./assumptions.ts";
import { requestsOf, sumOf, type UnitCost, unitCosts, type WorkUnit } from "./unit-costs.ts";

const DAY = 86_400; // s

/** What an app takes in a month. */
export interface Month {
  messages: number;
  objectRequests: number;
  objectRowsWritten: number;
  databaseRowsWritten: number;
  queueOperations: number;
  workerRequests: number;
  /** Bytes that are new after a month. */
  objectBytes: number;
  databaseBytes: number;
}

export function monthOf({ daily, messages }: AppLoad): Month {
  const { daysInMonth, stored } = assumptions;
  const sum = (of: (unit: UnitCost) => number) => daysInMonth * dailySum(daily, of);
  return {
    messages: messages * daysInMonth,
    objectRequests: sum(requestsOf),
    objectRowsWritten: sum(({ rows }) => sumOf(rows)),
    databaseRowsWritten: sum(({ databaseRows = 0 }) => databaseRows),
    // Written, read, removed.
    queueOperations: sum(({ events = 0, pushes = 0 }) => 3 * (events + pushes)),
    workerRequests: sum(({ workerRequests = 0 }) => workerRequests),
    objectBytes: messages * daysInMonth * stored.object * 1_000,
    databaseBytes: messages * daysInMonth * stored.database * 1_000,
  };
}

/** What everybody shares, in its busiest hour, a second. */
export interface Shared {
  databaseCalls: number;
  databaseRows: number;
  events: number;
  pushes: number;
}

export function sharedBy({ daily }: AppLoad): Shared {
  const rate = (of: (unit: UnitCost) => number) => (dailySum(daily, of) * assumptions.peak) / DAY;
  return {
    databaseCalls: rate(({ databaseCalls = 0 }) => databaseCalls),
    databaseRows: rate(({ databaseRows = 0 }) => databaseRows),
    events: rate(({ events = 0 }) => events),
    pushes: rate(({ pushes = 0 }) => pushes),
  };
}

function dailySum(daily: Record<WorkUnit, number>, of: (unit: UnitCost) => number): number {
  return Object.entries(daily).reduce(
    (sum, [unit, times]) => sum + times * of(unitCosts[unit as WorkUnit]),
    0,
  );
}
