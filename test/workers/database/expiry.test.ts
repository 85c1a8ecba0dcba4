import { beforeEach, expect, test } from "vitest";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { Archive } from "../../../src/database/messages/archive.ts";
import { deleteMessagesBefore } from "../../../src/database/messages/expiry.ts";
import { saveMessages } from "../../../src/database/messages/save.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message, WatchedDatabase } from "./database.ts";

/** Messages that have had their time leave D1, some at a time. */

const none = async () => [];

let db: D1Database;
beforeEach(async () => {
  db = await database();
});

async function say(id: string, times: number[]): Promise<void> {
  await saveConversation(db, conversation(id));
  await saveMessages(
    Archive.of(db),
    id,
    times.map((time) => message(time)),
  );
}

async function left(): Promise<number> {
  return (await db.prepare("SELECT count(*) AS left FROM messages").first<number>("left")) ?? 0;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

test("messages before a time are deleted, and those at it and after it stay", async () => {
  await say("expiring", [1, 2, 3, 4]);
  const deletion = await deleteMessagesBefore(Archive.of(db), 3, { kept: none, most: 10_000 });
  expect(deletion).toEqual({ deleted: 2, isComplete: true });
  expect(await left()).toBe(2);
});

test("a call that may delete some messages deletes as many, and the next one goes on", async () => {
  await say("expiring", range(1, 1_301));
  const archive = Archive.of(db);
  expect(await deleteMessagesBefore(archive, 1_201, { kept: none, most: 1_000 })).toEqual({
    deleted: 1_000,
    isComplete: false,
  });
  expect(await left()).toBe(300);
  expect(await deleteMessagesBefore(archive, 1_201, { kept: none, most: 1_000 })).toEqual({
    deleted: 200,
    isComplete: true,
  });
  expect(await left()).toBe(100);
});

test("messages of a conversation that keeps its own stay, and are passed over once", async () => {
  await say("held", range(1, 1_001));
  await say("expiring", range(1, 1_001));
  const billed = new WatchedDatabase(db);
  const deletion = await deleteMessagesBefore(Archive.of(billed), 2_000, {
    kept: async () => ["held"],
    most: 10_000,
  });
  expect(deletion).toEqual({ deleted: 1_000, isComplete: true });
  expect(await left()).toBe(1_000);
  const searches = (await billed.plans()).filter(
    (step) => /SEARCH|SCAN m/.test(step) && !/json_each/.test(step),
  );
  expect(searches).not.toEqual([]);
  for (const step of searches) expect(step).toMatch(/SEARCH (m|messages) USING PRIMARY KEY/);
});

test("many old messages that stay do not keep others from being deleted, call after call", async () => {
  await say("held", range(1, 3_001));
  await say("expiring", range(3_001, 3_101));
  const deletion = await deleteMessagesBefore(Archive.of(db), 4_000, {
    kept: async () => ["held"],
    most: 1_000,
  });
  expect(deletion).toEqual({ deleted: 100, isComplete: true });
  expect(await left()).toBe(3_000);
});

test("what is to stay from some moment on stays from the next slice on", async () => {
  await say("expiring", range(1, 2_001));
  let asked = 0;
  const kept = async () => (asked++ < 1 ? [] : ["expiring"]);
  expect(await deleteMessagesBefore(Archive.of(db), 4_000, { kept, most: 10_000 })).toEqual({
    deleted: 500,
    isComplete: true,
  });
});
