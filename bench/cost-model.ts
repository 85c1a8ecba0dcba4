import { addUse, billOf, costByMeter, costOf, timesUse, type Use } from "../src/usage/cost/cost.ts";
import { PRICES } from "../src/usage/cost/prices.ts";
import {
  costAssumptions,
  MESSAGES_PER_REQUEST,
  type UsageCounts,
  useOfCounts,
} from "../src/usage/cost/use-of-counts.ts";
import { type CountedCase, costCases, monthCase } from "./cost-cases.ts";
import { type Counts, eventsIn, total, withoutMeters } from "./counts.ts";
import { type Work, workNames } from "./work.ts";

/** The counts that docs/costs.md is computed from. */
export interface RecordedCounts {
  /** By name of the case, for a message. */
  cases: Record<string, UsageCounts>;
  /** By name of the work, for one of it. */
  work: Record<string, UsageCounts>;
}

/** How people use the app, where counts of single pieces of work do not tell. */
export const assumptions = {
  /** A conversation in use sets its alarm once in 3 minutes, and says something every 15 s. */
  messagesPerAlarm: 12,
  /** KB stored for a message. */
  stored: { object: 1, database: 0.6 },
  month: {
    days: 30,
    sends: 40,
    recipients: 5,
    logins: 4,
    newsPerLogin: 5,
    hoursOnline: 2,
    heartbeatsPerHour: 20,
  },
} as const;

const monthWork = {
  login: workNames.login,
  news: workNames.news,
  alone: workNames.alone,
  offline: workNames.offline,
  leave: workNames.leave,
} as const;

export function record(cases: readonly CountedCase[], work: readonly Work[]): RecordedCounts {
  const names: string[] = Object.values(monthWork);
  return {
    cases: Object.fromEntries(
      cases.map(({ name, times, frames, counts }) => [name, unitOf(counts, times, frames)]),
    ),
    work: Object.fromEntries(
      work
        .filter(({ name }) => names.includes(name))
        .map(({ name, times, counts }) => [name, unitOf(counts, times, 0)]),
    ),
  };
}

function unitOf(all: Counts, times: number, frames: number): UsageCounts {
  const counts = withoutMeters(all);
  const each = (value: number) => Math.round((value / times) * 1000) / 1000;
  const { others } = counts;
  const { messages, otherEvents } = eventsIn(counts);
  return {
    objectRows: each(total(counts.rows)),
    objectRowsRead: each(others.rowsRead),
    databaseRows: each(total(counts.databaseRows)),
    databaseRowsRead: each(others.databaseRowsRead),
    databaseCalls: each(others.databaseCalls),
    socketMessages: each(messages),
    otherEvents: each(otherEvents),
    queued: each(others.queued),
    directPushes: each(others.directPushes),
    workerRequests: each(others.workerRequests),
    frames: each(frames),
  };
}

const useOf = (unit: UsageCounts) => useOfCounts(unit, PRICES);

/** A message of a case, with all that belongs to it. */
const messageUse = (recorded: RecordedCounts, name: string) => useOf(found(recorded.cases, name));

export interface MillionCost {
  name: string;
  /** Dollars by meter. */
  meters: Use;
  dollars: number;
  budget: number | undefined;
}

/** Dollars for a million messages of each case, as if a plan included nothing. */
export function millionCosts(recorded: RecordedCounts): MillionCost[] {
  return costCases.map(({ name, budget }) => {
    const million = timesUse(messageUse(recorded, name), 1_000_000);
    return { name, meters: costByMeter(million, PRICES), dollars: costOf(million, PRICES), budget };
  });
}

/** What one person uses in a day. */
export function dayOfOne(recorded: RecordedCounts): Use {
  const { month } = assumptions;
  const { processor } = costAssumptions;
  const work = (name: keyof typeof monthWork) => useOf(found(recorded.work, monthWork[name]));
  const beyond = (name: keyof typeof monthWork, base: keyof typeof monthWork) =>
    addUse(work(name), work(base), -1);
  const conversations = month.logins * month.newsPerLogin;
  const parts: [Use, number][] = [
    [messageUse(recorded, monthCase.name), month.sends],
    [work("login"), month.logins],
    [{ workerRequests: 1, workerMilliseconds: processor.workerRequest }, month.logins],
    [work("leave"), month.logins],
    // Each login finds news, and the first message after it finds the person away again.
    [beyond("news", "login"), conversations],
    [beyond("offline", "alone"), conversations],
    // Of those recipients who are away, half read later, all news of a conversation at once.
    [{ objectRowsWritten: 1, objectRequests: 1 / MESSAGES_PER_REQUEST }, conversations / 2],
    // A heartbeat wakes no object; it and its answer are frames.
    [{ workerMilliseconds: 2 * processor.frame }, month.hoursOnline * month.heartbeatsPerHour],
  ];
  return parts.reduce<Use>((sum, [use, times]) => addUse(sum, use, times), {});
}

export interface MonthBill {
  dailyUsers: number;
  use: Use;
  /** Dollars as if nothing were included, by meter. */
  meters: Use;
  /** Dollars with the plan, after what it includes. */
  dollars: number;
}

/** The first month of an app. */
export function monthBill(recorded: RecordedCounts, dailyUsers: number): MonthBill {
  const { month, stored } = assumptions;
  const messages = dailyUsers * month.sends * month.days;
  const use = {
    ...timesUse(dayOfOne(recorded), dailyUsers * month.days),
    objectGigabytes: (messages * stored.object) / 1e6,
    databaseGigabytes: (messages * stored.database) / 1e6,
  };
  return { dailyUsers, use, meters: costByMeter(use, PRICES), dollars: billOf(use, PRICES) };
}

function found(units: Record<string, UsageCounts>, name: string): UsageCounts {
  const unit = units[name];
  if (unit === undefined) throw new Error(`"${name}" was not counted`);
  return unit;
}
