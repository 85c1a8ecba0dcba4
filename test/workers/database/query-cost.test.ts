import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { QUERY_ANSWER_BYTES, QUERY_ROWS_LOOKED_AT } from "../../../src/bounds.ts";
import { type ConversationQuery, queryConversations } from "../../../src/database/conversations/query.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import { bucketOf } from "../../../src/database/messages/buckets.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { WatchedDatabase } from "./database.ts";

/** What clients may make D1 do (I13). Work is counted by the rows that D1 reads, never by a clock. */

let db: D1Database;
beforeAll(async () => {
  db = await database();
});
beforeEach(async () => {
  await db.batch(["conversations", "members"].map((table) => db.prepare(`DELETE FROM ${table}`)));
});

const bounds = { findOthers: "described", showMembers: true } as const;
const none = { sort: undefined, limit: undefined, skip: undefined, withLastMessage: false };

/** Asks as Tom's client does, and counts the rows that D1 reads for it, elements of lists among them. */
async function ask({
  where,
  ...query
}: Partial<Omit<ConversationQuery, "where">> & { where: object | undefined }) {
  const watched = new WatchedDatabase(db);
  const asked: Json | undefined = where && JSON.parse(JSON.stringify(where));
  const answer = await queryConversations(watched, {
    ...none,
    clientId: "tom",
    bounds,
    ...query,
    where: asked,
  });
  const work = await watched.rowsReadAgain();
  if ("refused" in answer) return { refused: answer.detail, found: [], work };
  return { refused: undefined, found: answer.map((each) => each.conversation.id), work };
}

/** So many conversations of Spike's, all alike. */
async function fill(count: number, attributes: JsonObject): Promise<void> {
  await db
    .prepare(
      `INSERT INTO conversations (id, kind, creator, members, muted, attributes, columns, is_unique, created_at, updated_at)
       SELECT 'c' || value, 'normal', 'spike', '["spike"]', '[]', ?2, '{}', 0, 1, 1 FROM json_each(?1)`,
    )
    .bind(JSON.stringify(numbers(count)), JSON.stringify(attributes))
    .run();
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, at) => at + from);

describe("a list that must hold others", () => {
  test("$all finds the lists that have all its values, of any kind and number, repeated or not", async () => {
    const attributes = { list: [1, 1, 2, "1", "a", true, 2.5, null, { a: 1 }, ...numbers(900, 100)] };
    await saveConversation(db, conversation("c", { members: ["tom"], attributes }));
    const holds = async ($all: Json[]) => (await ask({ where: { m: "tom", "attr.list": { $all } } })).found;
    for (const all of [[1], [1, 1.0], [1, "1"], [true, 2.5], ["a", { a: 1 }], numbers(900, 100)]) {
      expect(await holds(all), JSON.stringify(all).slice(0, 40)).toEqual(["c"]);
    }
    for (const all of [[3], [1, 3], ["true"], [false], ["2.5"], numbers(900, 101)]) {
      expect(await holds(all), JSON.stringify(all).slice(0, 40)).toEqual([]);
    }
  });

  test("$all is answered among 2,400 conversations with 50 elements each", async () => {
    await fill(2_400, { list: numbers(50) });
    const all = { where: { "attr.list": { $all: numbers(50) } }, limit: 5 };
    expect((await ask(all)).found).toHaveLength(5);
    const nothing = await ask({ where: { "attr.list": { $all: numbers(1000, 1000) } } });
    expect(nothing).toMatchObject({ refused: undefined, found: [] });
    expect(nothing.work).toBeLessThan(150_000);
  });

  test("$all costs as many steps as the lists have elements, not as many times its values", async () => {
    await fill(300, { list: numbers(50) });
    const few = await ask({ where: { "attr.list": { $all: numbers(2, 1000) } } });
    const many = await ask({ where: { "attr.list": { $all: numbers(1000, 1000) } } });
    expect(few.refused).toBeUndefined();
    expect(many.refused).toBeUndefined();
    expect(many.work).toBeLessThan(few.work + 10_000);
  });
});

describe("a query is refused", () => {
  test("a query that would read too many conversations is refused, unless an index reduces them", async () => {
    await fill(QUERY_ROWS_LOOKED_AT + 1, { topic: "food" });
    await saveConversation(
      db,
      conversation("own", { members: ["tom"], name: "mine", attributes: { topic: "own" } }),
    );
    for (const where of [{ "attr.topic": "own" }, { name: { $regex: "^mine$" } }, { name: { $gt: "m" } }]) {
      const { refused, work } = await ask({ where });
      expect(refused, JSON.stringify(where)).toContain("slow query");
      expect(work).toBeLessThan(QUERY_ROWS_LOOKED_AT + 100);
    }
    for (const where of [
      undefined,
      { m: "tom", "attr.topic": "own" },
      { name: "mine", "attr.topic": "own" },
      { objectId: { $in: ["own", "c7"] }, "attr.topic": "own" },
      { $or: [{ m: "tom" }, { name: "mine" }], "attr.topic": "own" },
      { lm: { $exists: false }, "attr.topic": "own" },
    ]) {
      const { found, work } = await ask({ where });
      expect(found, JSON.stringify(where)).toEqual(["own"]);
      expect(work, JSON.stringify(where)).toBeLessThan(100);
    }
  });

  test("a query with many conditions is refused on large attributes, and answered on small ones", async () => {
    const many = (count: number) => ({
      $or: numbers(count).map((at) => ({ "attr.list": { $gt: 100_000 + at } })),
    });
    await fill(10, { list: numbers(8_000) });
    expect((await ask({ where: many(10) })).refused).toContain("slow query");
    expect((await ask({ where: many(1) })).refused).toBeUndefined();
    expect((await ask({ where: { "attr.list": { $all: numbers(1000, 100_000) } } })).work).toBeLessThan(
      200_000,
    );
    await db.prepare("DELETE FROM conversations").run();
    await fill(10, { list: numbers(80) });
    expect((await ask({ where: many(10) })).refused).toBeUndefined();
    expect((await ask({ where: many(11) })).refused).toContain("slow query");
  });

  test("a query into an object with very many keys is refused, because SQLite would go through them", async () => {
    const object = Object.fromEntries(numbers(80_000).map((at) => [`k${at}`, 1]));
    await fill(10, { object });
    const where = { $or: numbers(8).map((at) => ({ "attr.object": at })) };
    expect((await ask({ where })).refused).toContain("slow query");
  });
});

test("a query returns at most a megabyte of conversations, one at least, and the rest by skip", async () => {
  await fill(100, { text: "x".repeat(50_000) });
  const where = { "attr.text": { $exists: true } };
  const first = await ask({ where, limit: 100, sort: "objectId" });
  expect(first.found.length).toBe(Math.ceil(QUERY_ANSWER_BYTES / 50_020));
  const second = await ask({ where, limit: 100, skip: first.found.length, sort: "objectId" });
  expect(second.found[0]).not.toBe(first.found[0]);
  expect(new Set([...first.found, ...second.found]).size).toBe(first.found.length + second.found.length);
  await fill(0, {});
  await saveConversation(db, conversation("huge", { attributes: { big: "x".repeat(1_500_000) } }));
  expect((await ask({ where: { "attr.big": { $exists: true } } })).found).toEqual(["huge"]);
});

test("a query returns at most a megabyte of last messages, one at least, and reads none that does not fit", async () => {
  await fill(60, {});
  const [count, size] = [60, 32_768];
  await db.batch([
    db
      .prepare(
        "UPDATE conversations SET last_message_at = 1000, archived_at = 1000, archived_bucket = ?, members = '[\"tom\"]'",
      )
      .bind(bucketOf("spike", 1_000)),
    db.prepare("INSERT INTO members (client_id, conversation_id) SELECT 'tom', id FROM conversations"),
    db
      .prepare(
        `INSERT INTO messages (bucket, timestamp, conversation_id, id, sender, content, mention_all, mentions, receipt, recalled)
         SELECT ${bucketOf("spike", 1_000)}, 1000, id, 'm' || id, 'spike', ?1, 0, '[]', 0, 0 FROM conversations`,
      )
      .bind("x".repeat(size)),
  ]);
  const asked = { where: { m: "tom" }, sort: "objectId", limit: 100 };
  expect((await ask(asked)).found).toHaveLength(count);
  const first = await ask({ ...asked, withLastMessage: true });
  expect(first.found).toHaveLength(Math.ceil(QUERY_ANSWER_BYTES / (size + 2)));
  const rest = await ask({ ...asked, withLastMessage: true, skip: first.found.length });
  expect(new Set([...first.found, ...rest.found]).size).toBe(count);
  await db.prepare("DELETE FROM messages").run();
});

test("a query sorts the first pages of many conversations by any key, and the last ones by columns alone", async () => {
  await fill(QUERY_ROWS_LOOKED_AT, { topic: "food", n: 1 });
  const asked = { where: { "attr.topic": "food" }, limit: 10 };
  const last = { skip: QUERY_ROWS_LOOKED_AT - 10 };
  for (const sort of ["attr.n", "-lm", "name"]) {
    expect((await ask({ ...asked, sort })).found, sort).toHaveLength(10);
  }
  expect((await ask({ ...asked, ...last, sort: "-lm" })).found).toHaveLength(10);
  expect((await ask({ ...asked, ...last, sort: "attr.n" })).refused).toContain("slow query");
});

test("[I13] every query of a client takes D1 a bounded number of steps", async () => {
  const key = fc.constantFrom(
    "attr.list",
    "attr.object",
    "attr.text",
    "attr",
    "own",
    "name",
    "m",
    "mu",
    "objectId",
  );
  const value = fc.oneof(
    fc.constantFrom<Json>(1, "a", true, null, { a: 1 }, [1], {
      __type: "Date",
      iso: "2026-11-22T00:00:00.000Z",
    }),
    fc.integer(),
  );
  const list = fc.array(value, { minLength: 1, maxLength: 200 });
  const operator = fc.oneof(
    list.map(($all): JsonObject => ({ $all })),
    list.map(($in): JsonObject => ({ $in })),
    list.map(($nin): JsonObject => ({ $nin })),
    fc.constantFrom<JsonObject>(
      ...[{ $gt: 1 }, { $lte: "a" }, { $exists: true }, { $size: 3 }, { $ne: 7 }],
      ...[{ $regex: "x".repeat(200) }, { $regex: "[xy]+z" }, { $regex: "xx$" }],
    ),
  );
  const one = fc.tuple(key, operator).map(([name, what]): JsonObject => ({ [name]: what }));
  const where = fc.oneof(
    one,
    fc.array(one, { minLength: 1, maxLength: 12 }).map(($or): JsonObject => ({ $or })),
    fc.array(one, { minLength: 1, maxLength: 12 }).map(($and): JsonObject => ({ $and })),
  );
  const worlds = fc.constantFrom<[number, JsonObject]>(
    [200, { list: numbers(50), text: "x".repeat(200), object: { a: 1 } }],
    [10, { list: numbers(6_000), text: "x".repeat(3_000), object: { a: 1 } }],
    [2, { list: numbers(100_000), object: Object.fromEntries(numbers(20_000).map((at) => [`k${at}`, at])) }],
    [3_000, { list: [1], text: "xy" }],
  );
  const asked = fc.array(fc.record({ where, sort: fc.constantFrom("-lm", "attr.list", "own,attr.text") }), {
    minLength: 12,
    maxLength: 12,
  });
  const outcomes = { answered: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(worlds, asked, async ([count, attributes], queries) => {
      await db.batch(["conversations", "members"].map((table) => db.prepare(`DELETE FROM ${table}`)));
      await fill(count, attributes);
      for (const query of queries) {
        const { work, refused } = await ask({ ...query, limit: 1000 });
        // 40 ms at 8 steps a microsecond, and the rows of the estimate and of the answer.
        expect([work < 350_000, work, query]).toEqual([true, work, query]);
        outcomes[refused === undefined ? "answered" : "refused"] += 1;
      }
    }),
    { numRuns: 30, interruptAfterTimeLimit: 8_000, endOnFailure: true },
  );
  expect(outcomes.answered).toBeGreaterThan(20);
  expect(outcomes.refused).toBeGreaterThan(5);
});
