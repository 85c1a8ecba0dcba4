import { MESSAGES_PER_REQUEST } from "../src/usage/cost/use-of-counts.ts";

/** The cost of a piece of work, by cause. */
export interface Counts {
  /** Events of objects by class and method. */
  events: Record<string, number>;
  /** Rows written in objects by statement. */
  rows: Record<string, number>;
  /** Rows written in D1 by statement. */
  databaseRows: Record<string, number>;
  /** Rows read, in objects and in D1; calls of D1; messages handed to queues; direct pushes; requests and batches of the Worker. */
  others: Record<OtherCount, number>;
}

export const otherCounts = [
  "rowsRead",
  "databaseRowsRead",
  "databaseCalls",
  "queued",
  "directPushes",
  "workerRequests",
] as const;
export type OtherCount = (typeof otherCounts)[number];

export function noCounts(): Counts {
  const [rowsRead, databaseRowsRead, databaseCalls, queued, directPushes, workerRequests] = [
    0, 0, 0, 0, 0, 0,
  ];
  const others = { rowsRead, databaseRowsRead, databaseCalls, queued, directPushes, workerRequests };
  return { events: {}, rows: {}, databaseRows: {}, others };
}

export function requestsIn(counts: Counts): number {
  const { messages, otherEvents } = eventsIn(counts);
  return messages / MESSAGES_PER_REQUEST + otherEvents;
}

/**
 * Without what counting itself costs: a report comes after thousands of messages, so it is much or nothing for the few
 * that are looked at. Budgets of its own are in `budgets.ts`.
 */
export function withoutMeters(counts: Counts): Counts {
  return {
    ...counts,
    events: without(counts.events, /^MetricsObject\.|^AppObject\.presence$/),
    rows: without(counts.rows, /\b(?:days|quarters|hours)\b/),
  };
}

function without(of: Record<string, number>, left: RegExp): Record<string, number> {
  return Object.fromEntries(Object.entries(of).filter(([name]) => !left.test(name)));
}

/** Messages on objects' sockets, and the other events that are billed. */
export function eventsIn(counts: Counts): { messages: number; otherEvents: number } {
  const events = { messages: 0, otherEvents: 0 };
  for (const [event, times] of Object.entries(counts.events)) {
    if (event.endsWith(".webSocketMessage")) events.messages += times;
    else if (!event.endsWith(".webSocketClose") && !event.endsWith(".webSocketError"))
      events.otherEvents += times;
  }
  return events;
}

export function total(of: Record<string, number>): number {
  return Object.values(of).reduce((sum, value) => sum + value, 0);
}

/** The difference of two readings. */
export function difference(after: Counts, before: Counts): Counts {
  return {
    events: subtract(after.events, before.events),
    rows: subtract(after.rows, before.rows),
    databaseRows: subtract(after.databaseRows, before.databaseRows),
    others: { ...noCounts().others, ...subtract(after.others, before.others) },
  };
}

function subtract(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const rest: Record<string, number> = {};
  for (const [key, value] of Object.entries(after)) {
    const grown = value - (before[key] ?? 0);
    if (grown !== 0) rest[key] = grown;
  }
  return rest;
}

export async function readCounts(server: URL): Promise<Counts> {
  const response = await fetch(new URL("/bench/counts", server));
  return parseCounts(await response.json());
}

function parseCounts(value: unknown): Counts {
  const part = (name: keyof Counts): Record<string, number> => {
    const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
    if (typeof found !== "object" || found === null) throw new Error(`no ${name} were counted`);
    return Object.fromEntries(Object.entries(found).map(([key, number]) => [key, Number(number)]));
  };
  return {
    events: part("events"),
    rows: part("rows"),
    databaseRows: part("databaseRows"),
    others: { ...noCounts().others, ...part("others") },
  };
}
