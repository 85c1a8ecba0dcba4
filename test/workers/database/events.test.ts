import { beforeEach, describe, expect, test } from "vitest";
import { dropEventsBefore, type EventFilter, findEvents, saveEvents } from "../../../src/database/events.ts";
import type { AppEvent } from "../../../src/model/app-events.ts";
import { database } from "../support/world.ts";
import { WatchedDatabase } from "./database.ts";

/** The event log (G-05). */

let db: D1Database;
beforeEach(async () => {
  db = await database();
  await dropEventsBefore(db, Number.MAX_SAFE_INTEGER);
});

const login = (at: number, clientId: string): AppEvent => ({
  name: "clientOnline",
  id: `online-${at}-${clientId}`,
  at,
  clientId,
  address: "192.0.2.7",
  tag: undefined,
  reconnect: false,
  userAgent: "js/5.0.0",
});

const started = (at: number, conversationId: string): AppEvent => ({
  name: "conversationStarted",
  id: `started-${at}`,
  at,
  conversationId,
  by: "tom",
  members: ["jerry", "tom"],
});

const sent = (at: number, conversationId: string, from: string): AppEvent => ({
  name: "messageSent",
  id: `sent-${at}`,
  at,
  conversationId,
  from,
  messageId: `message-${at}`,
  content: "the cheese is in the larder",
  timestamp: at,
  address: undefined,
  transient: false,
  receipt: true,
  mentionAll: false,
  mentions: [],
  pushData: undefined,
  to: undefined,
  online: ["jerry"],
  offline: ["spike"],
});

/** An evening: they log in, meet, talk; he is called away. */
const evening: AppEvent[] = [
  login(10, "tom"),
  login(20, "jerry"),
  started(30, "pairChat"),
  sent(40, "pairChat", "tom"),
  {
    name: "receiversOffline",
    id: "offline-40",
    at: 40,
    conversationId: "pairChat",
    from: "tom",
    messageId: "message-40",
    content: "the cheese is in the larder",
    timestamp: 40,
    address: undefined,
    mentionAll: false,
    mentions: ["spike"],
    to: undefined,
    offline: ["spike"],
    muted: [],
    pushData: '{"alert":"cheese"}',
  },
  sent(50, "pairChat", "jerry"),
  started(60, "larder"),
  {
    name: "clientOffline",
    id: "off-70",
    at: 70,
    clientId: "tom",
    why: "lost",
    message: "the connection broke",
    address: "192.0.2.7",
    tag: "phone",
  },
];

const newestFirst = evening
  .toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  .map(({ id }) => id)
  .toReversed();

async function found(filter: Partial<EventFilter>): Promise<string[]> {
  const ids: string[] = [];
  let before = filter.before;
  do {
    const page = await findEvents(db, { limit: 100, ...filter, before });
    ids.push(...page.events.map(({ id }) => id));
    before = page.next;
  } while (before !== undefined);
  return ids;
}

test("[G-05] events come newest first, and each is stored once however often it was sent", async () => {
  await saveEvents(db, evening);
  await saveEvents(db, evening.slice(2, 5));
  await saveEvents(db, []);
  expect(await found({})).toEqual(newestFirst);
});

test("[G-05] login events have the SDK's version, message events the online members, and none has content", async () => {
  await saveEvents(db, evening);
  const { events } = await findEvents(db, { limit: 100 });
  expect(events.find(({ name }) => name === "clientOnline")).toEqual({
    name: "clientOnline",
    id: "online-20-jerry",
    at: 20,
    clientId: "jerry",
    conversationId: undefined,
    messageId: undefined,
    detail: { address: "192.0.2.7", tag: null, reconnect: false, userAgent: "js/5.0.0" },
  });
  expect(events.find(({ id }) => id === "sent-40")).toEqual({
    name: "messageSent",
    id: "sent-40",
    at: 40,
    clientId: "tom",
    conversationId: "pairChat",
    messageId: "message-40",
    detail: {
      transient: false,
      receipt: true,
      timestamp: 40,
      address: null,
      online: ["jerry"],
      offline: ["spike"],
    },
  });
  expect(JSON.stringify(events)).not.toContain("cheese");
});

test.each<[Partial<EventFilter>, string[]]>([
  [{ from: 50 }, ["off-70", "started-60", "sent-50"]],
  [{ from: 20, until: 40 }, ["started-30", "online-20-jerry"]],
  [{ name: "clientOnline" }, ["online-20-jerry", "online-10-tom"]],
  [{ clientId: "jerry" }, ["sent-50", "online-20-jerry"]],
  [{ clientId: "tom", name: "conversationStarted" }, ["started-60", "started-30"]],
  [{ conversationId: "pairChat" }, ["sent-50", "sent-40", "offline-40", "started-30"]],
  [{ conversationId: "pairChat", clientId: "tom" }, ["sent-40", "offline-40", "started-30"]],
  [{ messageId: "message-40" }, ["sent-40", "offline-40"]],
  [{ messageId: "message-40", name: "receiversOffline", conversationId: "pairChat" }, ["offline-40"]],
  [{ messageId: "message-40", clientId: "jerry" }, []],
  [{ clientId: "' OR 1 = 1 --" }, []],
])("[G-05] the filter %j of the event log finds %j", async (filter, expected) => {
  await saveEvents(db, evening);
  for (const limit of [1, 2, 100]) expect(await found({ ...filter, limit })).toEqual(expected);
});

test("[G-05] events older than the setting allows are deleted", async () => {
  await saveEvents(db, evening);
  await dropEventsBefore(db, 50);
  expect(await found({})).toEqual(["off-70", "started-60", "sent-50"]);
});

describe("[G-05] in a long log", () => {
  test("[G-05] a rare event in a long log is found over several pages, each of which reads at most 10,000 events", async () => {
    await saveEvents(db, [
      started(1, "attic"),
      ...Array.from({ length: 25_000 }, (_, index) => login(1_000 + index, "tom")),
    ]);
    const watched = new WatchedDatabase(db);
    const page = await findEvents(watched, { name: "conversationStarted", limit: 10 });
    expect(page).toEqual({ events: [], next: { at: 16_000, id: "online-16000-tom" } });
    expect(await watched.rowsReadAgain()).toBeLessThan(20_100);
    expect(await found({ name: "conversationStarted", limit: 10 })).toEqual(["started-1"]);
    expect(await found({ clientId: "tom", name: "conversationStarted", limit: 10 })).toEqual(["started-1"]);
    await dropEventsBefore(db, 26_000);
    expect(await found({})).toEqual([]);
  });

  test.each<[Partial<EventFilter>]>([
    [{}],
    [{ from: 10, until: 60 }],
    [{ clientId: "tom" }],
    [{ conversationId: "pairChat", from: 10 }],
    [{ messageId: "message-40", clientId: "tom", until: 50 }],
    [{ conversationId: "pairChat", clientId: "tom", name: "messageSent" }],
  ])("[G-05] a page of the event log for %j sorts nothing", async (filter) => {
    await saveEvents(db, evening);
    const watched = new WatchedDatabase(db);
    await findEvents(watched, { limit: 10, before: { at: 65, id: "x" }, ...filter });
    const plans = (await watched.plans()).join("; ");
    expect(plans).not.toContain("TEMP B-TREE");
    expect(plans).not.toContain("SCAN");
  });

  test("[G-05] an event is one row, and one for each client, conversation and message it names", async () => {
    const watched = new WatchedDatabase(db);
    await saveEvents(watched, [sent(40, "pairChat", "tom")]);
    expect(watched.rowsWritten).toBe(4);
    await saveEvents(watched, [login(50, "tom")]);
    expect(watched.rowsWritten).toBe(6);
  });
});
