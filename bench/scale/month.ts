import { billOf, timesUse, type Use } from "../../src/usage/cost/cost.ts";
import { PRICES } from "../../src/usage/cost/prices.ts";
import { useOfCounts } from "../../src/usage/cost/use-of-counts.ts";
import type { AppLoad } from "./app-load.ts";
import { assumptions } from "./assumptions.ts";
import { sumOf, type UnitCost, unitCosts, type WorkUnit } from "./unit-costs.ts";

const DAY = 86_400; // s
/** What D1, which does one thing at a time, takes for each (ms): Cloudflare counts 1 ms for a simple query. */
const databaseTimes = { batch: 2, question: 1 } as const;

/** What an app takes in its first month. */
export interface Month {
  messages: number;
  use: Use;
  /** With the plan, after what it includes. */
  dollars: number;
  /** Bytes of messages that are new in D1. */
  databaseBytes: number;
}

export function monthOf({ daily, messages: dailyMessages }: AppLoad): Month {
  const { daysInMonth, stored } = assumptions;
  const sum = (of: (unit: UnitCost) => number) => dailySum(daily, of);
  const messages = dailyMessages * daysInMonth;
  const day = useOfCounts(
    {
      objectRows: sum(({ rows }) => sumOf(rows)),
      databaseRows: sum(({ databaseRows = 0 }) => databaseRows),
      databaseCalls: sum(
        ({ databaseBatches = 0, archiveBatches = 0, databaseQuestions = 0 }) =>
          databaseBatches + archiveBatches + databaseQuestions,
      ),
      socketMessages: sum(({ frames }) => sumOf(frames)),
      otherEvents: sum(({ calls }) => sumOf(calls)),
      queued: sum(({ events = 0, pushes = 0 }) => events + pushes),
      directPushes: sum(({ directPushes = 0 }) => directPushes),
      workerRequests: sum(({ workerRequests = 0 }) => workerRequests),
      // Of devices, both ways: a message and its acknowledgement, a delivery and its, a read and its count.
      frames: 2 * (daily.send + daily.acknowledge + daily.read),
      // A thousandth of a row written.
      objectRowsRead: 0,
      databaseRowsRead: 0,
    },
    PRICES,
  );
  const use: Use = {
    ...timesUse(day, daysInMonth),
    objectGigabytes: (messages * stored.object) / 1e6,
    databaseGigabytes: (messages * stored.database) / 1e6,
  };
  return { messages, use, dollars: billOf(use, PRICES), databaseBytes: messages * stored.database * 1_000 };
}

/** What everybody shares, in its busiest hour, a second. */
export interface SharedRates {
  /** How long D1's index works in a second (ms). */
  databaseTime: number;
  databaseRows: number;
  events: number;
  pushes: number;
}

export function sharedBy({ daily }: AppLoad): SharedRates {
  const rate = (of: (unit: UnitCost) => number) => (dailySum(daily, of) * assumptions.peak) / DAY;
  return {
    databaseTime: rate(
      ({ databaseBatches = 0, databaseQuestions = 0 }) =>
        databaseBatches * databaseTimes.batch + databaseQuestions * databaseTimes.question,
    ),
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
