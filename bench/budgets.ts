import { requestsIn, total, withoutMeters } from "./counts.ts";
import { IMPORT_SHAPES, type ImportSpeed } from "./import.ts";
import type { IdleMemory } from "./memory.ts";
import { type Audience, medianRatio, type Speed } from "./speed.ts";
import { decimal, table } from "./table.ts";
import { type Work, workNames } from "./work.ts";

/** Parley's cost budgets (docs/budgets.md), and their measured values. */
export interface Budget {
  name: string;
  limit: number;
  kind: "at least" | "at most";
  measured: number;
}

/** Each of a bare object's, round by round. */
export function speedBudgets(
  parley: readonly Speed[],
  bare: { nothingKept: readonly Speed[]; inserting: readonly Speed[]; grouping: readonly Speed[] },
): Budget[] {
  const fanOut = (size: Audience, limit: number): Budget => ({
    name: `fan-out to ${size}, of a bare broadcast that keeps nothing`,
    limit,
    kind: "at least",
    measured: medianRatio(parley, bare.nothingKept, (run) => run.fanOut[size].deliveries),
  });
  return [
    fanOut(100, 1.2),
    fanOut(10, 0.9),
    fanOut(1, 0.7),
    {
      name: "100 two-party chats, of a bare object per chat with group commit",
      limit: 0.9,
      kind: "at least",
      measured: medianRatio(parley, bare.grouping, (run) => run.chats.messages),
    },
    {
      name: "100 two-party chats, of a bare object per chat that inserts",
      limit: 1.6,
      kind: "at least",
      measured: medianRatio(parley, bare.inserting, (run) => run.chats.messages),
    },
    {
      name: "send → ack alone, of a bare insert and reply",
      limit: 1.5,
      kind: "at most",
      measured: medianRatio(parley, bare.inserting, (run) => run.fanOut[1].acknowledged),
    },
    {
      name: "99 of 100 deliveries of a fan-out to 100 under load, of a bare broadcast that keeps nothing",
      limit: 1.3,
      kind: "at most",
      measured: medianRatio(parley, bare.nothingKept, (run) => run.fanOut[100].loaded.p99),
    },
  ];
}

/** Bare objects write no second copy for the app's history, so they do half the work. */
export function importBudgets({
  bare,
  parley,
}: {
  bare: ImportSpeed[][];
  parley: ImportSpeed[][];
}): Budget[] {
  return IMPORT_SHAPES.map(({ name, atLeast }, at) => ({
    name: `import of ${name}, of bare objects that insert them`,
    limit: atLeast,
    kind: "at least",
    measured: medianRatio(parley[at] ?? [], bare[at] ?? [], (run) => run.perCpuSecond),
  }));
}

export function memoryBudget(parley: IdleMemory, bare: IdleMemory): Budget {
  return {
    name: "memory of one more idle connection, of a bare sleeping object's",
    limit: 1.4,
    kind: "at most",
    measured: parley.further / bare.further,
  };
}

/** Messages within minutes share an alarm, so one of many costs a little over its own share. */
const SHARED = 0.02;
/** One message on a link. */
const MESSAGE = 1 / 20;

function workNamed(work: readonly Work[], name: string): Work {
  const found = work.find((one) => one.name === name);
  if (found === undefined) throw new Error(`nothing was counted as "${name}"`);
  return found;
}

export function workBudgets(work: readonly Work[]): Budget[] {
  const named = (name: string) => {
    const found = workNamed(work, name);
    const each = (value: number) => value / found.times;
    const counts = withoutMeters(found.counts);
    return {
      rows: each(total(counts.rows)),
      databaseRows: each(total(counts.databaseRows)),
      requests: each(requestsIn(counts)),
    };
  };
  const budgets: Budget[] = [];
  const atMost = (name: string, limit: number, measured: number) => {
    budgets.push({ name, limit, kind: "at most", measured });
  };
  const flow = named(workNames.flow);
  atMost("send in full flow: rows", 1 + SHARED, flow.rows);
  // The conversation's row is one more, for many messages.
  atMost("send in full flow: D1 rows", 1 + SHARED, flow.databaseRows);
  atMost("send in full flow: requests", MESSAGE + SHARED, flow.requests);
  const wide = named(workNames.wideFlow);
  const more = workNames.wideAudience - 1;
  atMost("delivery to a subscribed member: rows", SHARED, (wide.rows - flow.rows) / more);
  atMost("delivery to a subscribed member: requests", SHARED, (wide.requests - flow.requests) / more);
  const alone = named(workNames.alone);
  atMost("send, the only one within a second: rows", 1, alone.rows);
  // The message, and its share of its conversation's place in lists.
  atMost("send, the only one within a second: D1 rows", 1.2, alone.databaseRows);
  atMost("send, the only one within a second: requests", MESSAGE, alone.requests);
  const beyondSend = (label: string, name: string, rows: number, requests: number) => {
    const work = named(name);
    atMost(`${label}: rows`, rows, work.rows - alone.rows);
    atMost(`${label}: requests`, requests, work.requests - alone.requests);
  };
  // What is pending is noted and cleared, and an alarm looks after it: two rows, and one for the alarm. The member is
  // woken, subscribes, and reports how far it is.
  const looked = { rows: 3, requests: 1 };
  beyondSend(
    "first delivery to a member without a subscription",
    workNames.unsubscribed,
    looked.rows,
    looked.requests + 2 + 2 * MESSAGE,
  );
  // One more for away. Who is subscribed is in the member's inbox already.
  beyondSend("first delivery to a member offline", workNames.offline, looked.rows + 1, looked.requests + 1);
  // The alarm ran for the one before it, and is set again.
  beyondSend("further message to a member away", workNames.away, 1, 0);
  // For all messages within ten seconds an alarm, and the note that their pushes are settled.
  beyondSend("message to a member away, push set up", workNames.pushed, 2, 1);
  const pushed = named(workNames.pushedFlow);
  atMost("send in full flow, push set up: rows beyond", SHARED, pushed.rows - flow.rows);
  atMost("send in full flow, push set up: requests beyond", SHARED, pushed.requests - flow.requests);
  const [fcm, maker] = [named(workNames.pushedByFcm), named(workNames.pushedByMaker)];
  atMost("push by a phone maker: rows beyond FCM's", 0, maker.rows - fcm.rows);
  atMost("push by a phone maker: D1 rows beyond FCM's", 0, maker.databaseRows - fcm.databaseRows);
  atMost("push by a phone maker: requests beyond FCM's", 0, maker.requests - fcm.requests);
  const read = named(workNames.read);
  atMost("read: rows", 1, read.rows);
  atMost("read: requests", MESSAGE, read.requests);
  const login = named(workNames.login);
  // In the AppObject, for who is online.
  atMost("login without news: rows", 1, login.rows);
  // To the AppObject; clients that log in at once share it.
  atMost("login without news: requests beyond its link and frame", 1, login.requests - 1 - MESSAGE);
  const news = named(workNames.news);
  atMost("login with news in 1 conversation: requests beyond those", 1, news.requests - login.requests);
  const { times, counts } = workNamed(work, workNames.metered);
  const own = (of: Record<string, number>, what: RegExp) =>
    (1_000 * total(Object.fromEntries(Object.entries(of).filter(([name]) => what.test(name))))) / times;
  // The meter's own, where a thousand messages write four thousand rows.
  atMost("counting what 1,000 sends use: rows", 1, own(counts.rows, /INTO days/));
  atMost("counting what 1,000 sends use: requests", 1, own(counts.events, /storeUsage/));
  const idle = named(workNames.idle);
  atMost("idle hour: rows", 0, idle.rows);
  atMost("idle hour: requests", 0, idle.requests);
  const imported = named(workNames.imported);
  const messages = workNames.importedMessages;
  // Nine for its tables and their indexes, one for its facts, one for each of two members.
  atMost("import of a conversation: rows beyond its messages", 12, imported.rows - messages);
  // One for each member, two for its row, one for how far its messages go.
  atMost("import of a conversation: D1 rows beyond one a message", 5, imported.databaseRows - messages);
  atMost("import of a conversation: requests", 1, imported.requests);
  return budgets;
}

const ROUNDING = 1e-9;

export function isKept({ kind, limit, measured }: Budget): boolean {
  return kind === "at least" ? measured >= limit - ROUNDING : measured <= limit + ROUNDING;
}

export function budgetTable(budgets: readonly Budget[]): string {
  return table(
    ["budget", "limit", "measured", ""],
    budgets.map((budget) => [
      budget.name,
      `${budget.kind === "at least" ? "≥" : "≤"} ${decimal(budget.limit)}`,
      decimal(budget.measured),
      isKept(budget) ? "kept" : "MISSED",
    ]),
  );
}
