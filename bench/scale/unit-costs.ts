import { MESSAGES_PER_REQUEST } from "../../src/usage/cost/use-of-counts.ts";
import type { Budget } from "../budgets.ts";
import { assumptions, type RecordedCounts } from "../cost-model.ts";
import { requestsIn, total } from "../counts.ts";
import { type Work, workNames } from "../work.ts";

/** Kinds of objects: there are many of the first three, and few or one of the others. */
export const objectKinds = [
  "ConversationObject",
  "ClientObject",
  "RelayObject",
  "AppObject",
  "PushObject",
  "MetricsObject",
] as const;
export type ObjectKind = (typeof objectKinds)[number];

/** What one piece of work costs. What is missing is nothing. */
export interface UnitCost {
  /** Messages on sockets of objects: twenty are billed as one request, but each is an event. */
  frames?: Partial<Record<ObjectKind, number>>;
  /** Calls, links and alarms of objects. */
  calls?: Partial<Record<ObjectKind, number>>;
  /** Rows written by objects. */
  rows?: Partial<Record<ObjectKind, number>>;
  /** Rows written in D1, batches that write them, and questions. */
  databaseRows?: number;
  databaseBatches?: number;
  /** Batches that write messages, which are in other databases than the index. */
  archiveBatches?: number;
  databaseQuestions?: number;
  /** Messages handed to the queue of events, and to that of pushes. */
  events?: number;
  pushes?: number;
  /** Pushes without a queue. */
  directPushes?: number;
  workerRequests?: number;
}

/** A message's share of its conversation's alarm. */
const ALARM = 1 / assumptions.messagesPerAlarm;

/** A message's share of its conversation's row in D1: every 30 s, which is every second one, and by the alarm. */
const ROW = 1 / 2 + ALARM;

/**
 * What each piece of work costs, beyond those that it comes with. `npm run bench` compares them with what it counts, so
 * that a change of the product changes them, and with them what an app of ten million people needs.
 */
export const unitCosts = {
  /** A message that is the only one of its conversation within a second. */
  send: {
    frames: { ConversationObject: 1 },
    calls: { ConversationObject: ALARM },
    rows: { ConversationObject: 1 + ALARM },
    databaseRows: 1 + ROW,
    databaseBatches: ROW,
    archiveBatches: 1,
  },
  acknowledge: { frames: { ConversationObject: 1 } },
  read: { frames: { ConversationObject: 1 }, rows: { ConversationObject: 1 } },
  /** To a member who is away: the first message since they were there. */
  firstToAway: {
    calls: { ClientObject: 1, ConversationObject: 1 },
    rows: { ConversationObject: 3, ClientObject: 1 },
    // It is the first one for a while, and writes its conversation's row.
    databaseRows: 1 - ROW,
    databaseBatches: 1 - ROW,
  },
  /** A message that is pushed, without a queue. An alarm within ten seconds notes that it is settled. */
  pushed: {
    calls: { ConversationObject: 0.25 },
    rows: { ConversationObject: 0.5 },
    databaseQuestions: 2,
    directPushes: 1,
    workerRequests: 1,
  },
  login: {
    frames: { ClientObject: 1 },
    calls: { ClientObject: 1, AppObject: 1 },
    rows: { AppObject: 1 },
    workerRequests: 1,
  },
  /** A conversation that a login finds news in: it is asked, and subscribed to. */
  news: {
    frames: { ConversationObject: 2 },
    calls: { ConversationObject: 2 },
    rows: { ConversationObject: 1, ClientObject: 1 },
  },
  leave: { calls: { AppObject: 1 }, rows: { AppObject: 1 } },
  /** A client's first login, beyond a later one. */
  firstLogin: { rows: { ClientObject: 4 }, databaseRows: 1, databaseBatches: 1 },
  /** A conversation that begins. */
  start: {
    calls: { ConversationObject: 1 },
    rows: { ConversationObject: 12 },
    databaseRows: 5,
    databaseBatches: 1,
  },
  enterRoom: { frames: { ClientObject: 1 }, calls: { RelayObject: 1 }, rows: { ClientObject: 1 } },
  /** A message in a room, beside a call of each relay. */
  roomSend: {
    frames: { RelayObject: 1 },
    calls: { ConversationObject: 1 },
    rows: { ConversationObject: 3 },
    databaseRows: 2,
    databaseBatches: 1,
  },
  relayedMessage: { calls: { RelayObject: 1 } },
  /** A notification to up to a hundred devices of one provider. */
  notification: {
    calls: { PushObject: 5 },
    rows: { PushObject: 6 },
    databaseRows: 5,
    databaseBatches: 3,
    pushes: 2,
  },
  metricsReport: { calls: { MetricsObject: 1 }, rows: { MetricsObject: 1 } },
  /** A request over HTTP whose quota is the app's. */
  request: { calls: { AppObject: 1 }, workerRequests: 1 },
} as const satisfies Record<string, UnitCost>;
export type WorkUnit = keyof typeof unitCosts;

export function sumOf(of: Partial<Record<ObjectKind, number>> | undefined): number {
  return Object.values(of ?? {}).reduce((sum, value) => sum + value, 0);
}

/** Requests that are billed. */
export function requestsOf({ frames, calls }: UnitCost): number {
  return sumOf(frames) / MESSAGES_PER_REQUEST + sumOf(calls);
}

/** What was counted of one piece of work. */
interface Counted {
  rows: number;
  databaseRows: number;
  requests: number;
}

/** Pieces of work that are counted, and the units that they consist of. */
const counted: { units: WorkUnit[]; work: string }[] = [
  { units: ["send"], work: workNames.alone },
  { units: ["acknowledge"], work: workNames.acknowledge },
  { units: ["read"], work: workNames.read },
  { units: ["send", "firstToAway"], work: workNames.offline },
  { units: ["send", "pushed"], work: "one-to-one, one away and pushed to" },
  { units: ["login"], work: workNames.login },
  { units: ["login", "news"], work: workNames.news },
  { units: ["leave"], work: workNames.leave },
];

/** Messages within minutes share an alarm or a report, so one of many costs a little over its own share. */
const SHARED = 0.05;

/** Whether the simulation's units are at least what the benchmark counts now. */
export function unitBudgets(work: readonly Work[]): Budget[] {
  return budgetsOf((name) => {
    const found = work.find((one) => one.name === name);
    if (found === undefined) return undefined;
    const { times, counts } = found;
    return {
      rows: total(counts.rows) / times,
      databaseRows: total(counts.databaseRows) / times,
      requests: requestsIn(counts) / times,
    };
  });
}

/** The same of what it counted when docs/costs.md was written. */
export function recordedUnitBudgets({ cases, work }: RecordedCounts): Budget[] {
  return budgetsOf((name) => {
    const found = cases[name] ?? work[name];
    if (found === undefined) return undefined;
    const { objectRows, databaseRows, socketMessages, otherEvents } = found;
    return { rows: objectRows, databaseRows, requests: otherEvents + socketMessages / MESSAGES_PER_REQUEST };
  });
}

function budgetsOf(costOf: (work: string) => Counted | undefined): Budget[] {
  return counted.flatMap(({ units, work }) => {
    const measured = costOf(work);
    if (measured === undefined) return [];
    const limits: Counted = { rows: 0, databaseRows: 0, requests: 0 };
    for (const cost of units.map((unit): UnitCost => unitCosts[unit])) {
      limits.rows += sumOf(cost.rows);
      limits.databaseRows += cost.databaseRows ?? 0;
      limits.requests += requestsOf(cost);
    }
    return (["rows", "databaseRows", "requests"] as const).map(
      (what): Budget => ({
        name: `the simulation's ${units.join(" and ")}: ${what === "databaseRows" ? "D1 rows" : what}`,
        limit: limits[what] + SHARED,
        kind: "at most",
        measured: measured[what],
      }),
    );
  });
}
