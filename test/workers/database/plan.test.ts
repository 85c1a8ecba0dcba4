import { beforeAll, expect, test } from "vitest";
import {
  endEarlySubscription,
  removeEarlySubscriptions,
} from "../../../src/database/conversations/early-subscriptions.ts";
import { queryConversations } from "../../../src/database/conversations/query.ts";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { archivedUpTo } from "../../../src/database/messages/archive-progress.ts";
import { deleteMessages, saveMessages } from "../../../src/database/messages/save.ts";
import type { Json } from "../../../src/model/json.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

let db: D1Database;
beforeAll(async () => {
  db = await database();
  // Something for the patterns to match: with nothing, the query proper is constantly false and plans nothing.
  await saveConversation(db, conversation("b", { name: "beta", attributes: { tags: ["b"] } }));
});

/** Steps that read a whole table; json_each's own virtual tables are as long as a parameter. */
async function scans(work: (watched: WatchedDatabase) => Promise<unknown>): Promise<string[]> {
  const watched = new WatchedDatabase(db);
  await work(watched);
  const plans = await watched.plans();
  expect(plans).not.toEqual([]);
  return plans.filter((step) => /^SCAN (conversations|members|messages|early_subscriptions)\b/.test(step));
}

const ask = (watched: D1Database, where: Json | undefined) =>
  queryConversations(watched, {
    where,
    sort: undefined,
    limit: undefined,
    skip: undefined,
    withLastMessage: true,
    clientId: "alice",
  });

test.each<[Json | undefined]>([
  [undefined],
  [{ objectId: "a" }],
  [{ objectId: { $in: ["a", "b"] } }],
  [{ m: "alice" }],
  [{ m: { $in: ["alice", "bob"] } }],
  [{ m: { $all: ["alice", "bob"], $size: 2 } }],
  [{ m: "alice", "attr.type": "work", tr: false }],
  [{ m: "alice", name: { $regex: "^[ab]" } }],
  [{ m: "alice", "attr.tags": { $regex: "^[ab]" } }],
  [{ name: "Alpha" }],
  [{ name: { $in: ["Alpha", "Beta"] } }],
  [{ tr: true }],
  [{ sys: true, "attr.type": "news" }],
  [{ $or: [{ m: "alice" }, { sys: true }] }],
])("a query for %j scans no table", async (where) => {
  expect(await scans((watched) => ask(watched, where))).toEqual([]);
});

test("no write scans a table", async () => {
  const record = conversation("a", { members: ["alice", "bob"] });
  expect(await scans((watched) => saveConversation(watched, record))).toEqual([]);
  expect(await scans((watched) => saveMessages(Archive.of(watched), "a", [message(1)]))).toEqual([]);
  expect(await scans((watched) => archivedUpTo(watched, "a"))).toEqual([]);
  const deletion = message(1, { patchedAt: 2, deleted: true });
  expect(await scans((watched) => saveMessages(Archive.of(watched), "a", [deletion]))).toEqual([]);
  expect(
    await scans((watched) => deleteMessages(Archive.of(watched), "a", [message(1), message(2)])),
  ).toEqual([]);
  expect(await scans((watched) => deleteConversation(watched, "a"))).toEqual([]);
  expect(await scans((watched) => removeEarlySubscriptions(watched, "a", ["alice"]))).toEqual([]);
  const subscription = { clientId: "alice", conversationId: "a", since: 1 };
  for (const rest of ["nothing", "written to"] as const)
    expect(await scans((watched) => endEarlySubscription(watched, subscription, rest))).toEqual([]);
});

test("[V-04] a message that no list has is not archived, and costs one row for the progress", async () => {
  await saveConversation(db, conversation("service"));
  const watched = new WatchedDatabase(db);
  const reached = await saveMessages(Archive.of(watched), "service", [message(1)], {
    unlisted: new Set([1]),
  });
  expect(reached).toEqual({ timestamp: 1, patchedAt: 0 });
  expect(watched.rowsWritten).toBe(1);
});

test("a message costs as much to archive in a long history as in a short one", async () => {
  await saveConversation(db, conversation("long"));
  const history = Array.from({ length: 2000 }, (_, index) => message(index + 1));
  await saveMessages(Archive.of(db), "long", history);
  const watched = new WatchedDatabase(db);
  await saveMessages(Archive.of(watched), "long", [message(3000)]);
  expect(watched.rowsRead).toBeLessThan(10);
});
