import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type QueryRefusal, queryConversations } from "../../../src/database/conversations/query.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { asParsed, field, key, operators, scalar, worldAndWheres } from "./any-where.ts";
import { matches } from "./evaluator.ts";

/**
 * Any `where` finds in D1 what it finds by a plain look at each conversation (B-20). A failure names its seed and the
 * smallest case.
 */

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

const TIME_LIMIT = 8_000; // ms for one property; a fast machine is through long before

async function live(records: ConversationRecord[]): Promise<void> {
  await db.batch(["conversations", "members"].map((table) => db.prepare(`DELETE FROM ${table}`)));
  for (const each of records) await saveConversation(db, each);
}

/** So few rows and bytes at a time that each of these worlds takes several. */
const SMALL = { rows: 3, json: 64, read: 200, pattern: 10 };
let asked = 0;

/** Every other time in small slices: what is found is the same. */
async function found(where: Json): Promise<string[] | QueryRefusal> {
  const none = { sort: undefined, skip: undefined, withLastMessage: false };
  asked += 1;
  const size = asked % 2 === 0 ? SMALL : undefined;
  const answer = await queryConversations(db, { ...none, where, limit: 1_000, clientId: "tom" }, size);
  return "refused" in answer ? answer : answer.map((each) => each.conversation.id).sort();
}

const expected = (records: ConversationRecord[], where: JsonObject) =>
  records
    .filter((each) => matches(each, where))
    .map(({ id }) => id)
    .sort();

test("[B-20] every where finds the conversations that a plain evaluator finds", async () => {
  const hits = { some: 0, answered: 0 };
  await fc.assert(
    fc.asyncProperty(worldAndWheres, async ([records, asked]) => {
      await live(records);
      for (const where of asked) {
        const answer = await found(where);
        if ("refused" in answer) {
          expect(answer.detail).toMatch(/too large|more than/);
          continue;
        }
        expect([where, answer]).toEqual([where, expected(records, where)]);
        hits.answered += 1;
        if (answer.length > 0 && answer.length < records.length) hits.some += 1;
      }
    }),
    { numRuns: 100, interruptAfterTimeLimit: TIME_LIMIT },
  );
  // Pools so small that values meet: else nothing would have been compared but empty answers.
  expect(hits.some).toBeGreaterThan(hits.answered / 4);
});

describe("[B-20] [I12] what is meant to be SQL or a prototype is neither", () => {
  const attack = fc.oneof(
    fc.constantFrom(
      "'; DROP TABLE conversations; --",
      "' OR '1'='1",
      '" OR 1=1 --',
      "') UNION SELECT * FROM settings --",
      "$.a",
      '$."a"',
      'a" OR "1',
      "a[0]",
      "#-1",
      "?1",
      ":a",
      "@a",
    ),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "hasOwnProperty",
      "__defineGetter__",
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
  );
  const hostile = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      attack,
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(attack, key), tie("value"), { maxKeys: 2 }),
    ),
  })).value;
  const name = fc.oneof(
    attack,
    fc.tuple(fc.constantFrom("attr.", "a.", "$"), attack).map((parts) => parts.join("")),
  );
  const anything = fc
    .dictionary(
      fc.oneof(name, field),
      fc.oneof(hostile, fc.dictionary(name, hostile, { maxKeys: 2 }), operators),
      {
        minKeys: 1,
        maxKeys: 3,
      },
    )
    .map(asParsed);

  const town = [
    conversation("pairChat", { members: ["tom", "jerry"], attributes: { a: "b" }, columns: { c: [1, "x"] } }),
    conversation("larder", { members: ["jerry"], name: "'; DROP TABLE conversations; --" }),
    conversation("attic", { kind: "room", members: [], attributes: JSON.parse('{"__proto__":{"a":1}}') }),
  ];
  const tables = async () =>
    await db
      .prepare("SELECT (SELECT count(*) FROM conversations) AS c, (SELECT count(*) FROM members) AS m")
      .first();

  beforeAll(() => live(town));

  test("[B-20] [I12] SQL and prototype names in a where are refused with 102, or found as stored", async () => {
    const before = await tables();
    const prototype = Object.getOwnPropertyNames(Object.prototype);
    await fc.assert(
      fc.asyncProperty(anything, async (where) => {
        const answer = await found(where);
        if ("refused" in answer) expect(answer).toMatchObject({ detail: expect.stringMatching(/^102: /) });
        else expect(answer).toEqual(expected(town, where));
      }),
      { numRuns: 1_000, interruptAfterTimeLimit: TIME_LIMIT },
    );
    expect(await tables()).toEqual(before);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
  });

  test("[B-20] [I12] texts that are no where, and names to sort by, reach neither SQL nor prototypes", async () => {
    const before = await tables();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          hostile,
          fc.json().map((json): Json => JSON.parse(json)),
        ),
        attack,
        async (where, sort) => {
          const asked = {
            where,
            sort,
            skip: undefined,
            limit: 1_000,
            withLastMessage: false,
            clientId: sort,
          };
          const answer = await queryConversations(db, asked);
          if ("refused" in answer) expect(answer.detail).toMatch(/^102: /);
        },
      ),
      { numRuns: 300, interruptAfterTimeLimit: TIME_LIMIT },
    );
    expect(await tables()).toEqual(before);
  });
});
