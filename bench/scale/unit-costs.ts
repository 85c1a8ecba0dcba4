import type { Budget } from "../budgets.ts";
import { assumptions } from "../cost-model.ts";
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
  /** Rows written in D1, and calls to it. */
  databaseRows?: number;
  databaseCalls?: number;
  /** Messages handed to the queue of events, and to that of pushes. */
  events?: number;
  pushes?: number;
  workerRequests?: number;
}

/** A message's share of its conversation's alarm. */
const ALARM = 1 / assumptions.messagesPerAlarm;

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
    databaseRows: 3,
    databaseCalls: 1,
  },
  acknowledge: { frames: { ConversationObject: 1 } },
  read: { frames: { ConversationObject: 1 }, rows: { ConversationObject: 1 } },
  /** To a member who is away: the first message since they were there. */
  firstToAway: {
    calls: { ClientObject: 1 },
    rows: { ConversationObject: 3, ClientObject: 1 },
  },
  /** A message that is pushed: an event, and a delivery for up to a hundred devices. */
  pushed: { rows: { ConversationObject: 2 }, events: 1, pushes: 1, workerRequests: 1 },
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
  firstLogin: { rows: { ClientObject: 4 }, databaseRows: 1, databaseCalls: 1 },
  /** A conversation that begins. */
  start: {
    calls: { ConversationObject: 1 },
    rows: { ConversationObject: 12 },
    databaseRows: 5,
    databaseCalls: 1,
  },
  enterRoom: { frames: { ClientObject: 1 }, calls: { RelayObject: 1 }, rows: { ClientObject: 1 } },
  /** A message in a room, beside a call of each relay. */
  roomSend: {
    frames: { RelayObject: 1 },
    calls: { ConversationObject: 1 },
    rows: { ConversationObject: 3 },
    databaseRows: 3,
    databaseCalls: 1,
  },
  relayedMessage: { calls: { RelayObject: 1 } },
  /** A notification to up to a hundred devices of one provider. */
  notification: {
    calls: { PushObject: 5 },
    rows: { PushObject: 6 },
    databaseRows: 5,
    databaseCalls: 3,
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
  return sumOf(frames) / 20 + sumOf(calls);
}

/** What is counted of each unit, and the work that it is counted beyond. */
const counted: { unit: WorkUnit; work: string; beyond?: string; shared?: number }[] = [
  { unit: "send", work: workNames.alone },
  { unit: "acknowledge", work: workNames.acknowledge },
  { unit: "read", work: workNames.read },
  { unit: "firstToAway", work: workNames.offline, beyond: workNames.alone },
  { unit: "login", work: workNames.login },
  { unit: "news", work: workNames.news, beyond: workNames.login },
  { unit: "leave", work: workNames.leave },
];

/** Messages within minutes share an alarm or a report, so one of many costs a little over its own share. */
const SHARED = 0.05;

/** Whether the simulation's units are at least what the benchmark counts. */
export function unitBudgets(work: readonly Work[]): Budget[] {
  return counted.flatMap(({ unit, work: name, beyond }) => {
    const cost: UnitCost = unitCosts[unit];
    const measured = costOfWork(work, name);
    const base = beyond === undefined ? undefined : costOfWork(work, beyond);
    const budgets: [string, number, number][] = [
      ["rows", sumOf(cost.rows), measured.rows - (base?.rows ?? 0)],
      ["D1 rows", cost.databaseRows ?? 0, measured.databaseRows - (base?.databaseRows ?? 0)],
      ["requests", requestsOf(cost), measured.requests - (base?.requests ?? 0)],
    ];
    return budgets.map(
      ([what, limit, value]): Budget => ({
        name: `unit of the simulation, ${unit}: ${what}`,
        limit: limit + SHARED,
        kind: "at most",
        measured: value,
      }),
    );
  });
}

function costOfWork(work: readonly Work[], name: string) {
  const found = work.find((one) => one.name === name);
  if (found === undefined) throw new Error(`nothing was counted as "${name}"`);
  const { times, counts } = found;
  return {
    rows: total(counts.rows) / times,
    databaseRows: total(counts.databaseRows) / times,
    requests: requestsIn(counts) / times,
  };
}
