import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { conversationTable } from "../../../src/database/conversations/fields.ts";
import { countConversations, queryConversations } from "../../../src/database/conversations/query.ts";
import { saveConversation } from "../../../src/database/conversations/save.ts";
import type { SliceSize } from "../../../src/database/where/owner-query-slices.ts";
import { orderOf } from "../../../src/database/where/sort-order.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { readAsWritten } from "../../../src/protocol/written-number.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { WatchedDatabase } from "./database.ts";

/** How an owner's query is run: a slice of the table at a time (I13). */

let db: D1Database;
beforeAll(async () => {
  db = await database();
});
beforeEach(async () => {
  await db.batch(["conversations", "members"].map((table) => db.prepare(`DELETE FROM ${table}`)));
});

const ALL: JsonObject = { objectId: { $exists: true } };
const SMALL = { rows: 3, json: 100, read: 300, pattern: 10 };

interface Asked {
  where?: JsonObject;
  sort?: string | undefined;
  limit?: number;
  skip?: number;
}

async function found(asked: Asked, size: SliceSize = SMALL, on: D1Database = db): Promise<string[]> {
  const { where = ALL, sort, limit = 1_000, skip } = asked;
  const query = { where, sort, limit, skip, withLastMessage: false, clientId: "" };
  const answer = await queryConversations(on, query, size);
  if ("refused" in answer) throw new Error(answer.detail);
  return answer.map((each) => each.conversation.id);
}

/** The same by one statement of SQLite's. */
async function sorted({ sort = "-lm", limit = 1_000, skip = 0 }: Asked): Promise<string[]> {
  const order = orderOf(sort, conversationTable);
  if ("refused" in order) throw new Error(order.detail);
  const all = await drizzle(db).all<{ id: string }>(
    sql`SELECT id FROM conversations ORDER BY ${sql.join(order, sql`, `)} LIMIT ${limit} OFFSET ${skip}`,
  );
  return all.map(({ id }) => id);
}

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** So many conversations, all alike but for a number. */
async function fill(count: number, text = "food"): Promise<void> {
  await db
    .prepare(
      `INSERT INTO conversations (id, kind, creator, members, muted, attributes, columns, is_unique, created_at, updated_at)
       SELECT printf('c%05d', value), 'normal', 'spike', '["spike"]', '[]', json_object('n', value, 'topic', ?2), '{}', 0, value, 1
       FROM json_each(?1)`,
    )
    .bind(JSON.stringify(numbers(count)), text)
    .run();
  await db
    .prepare("INSERT INTO members (client_id, conversation_id) SELECT 'spike', id FROM conversations")
    .run();
}

/** D1 that counts statements. */
class CountingDatabase extends WatchedDatabase {
  statements = 0;

  override prepare(query: string): D1PreparedStatement {
    this.statements += 1;
    return super.prepare(query);
  }
}

async function statementsOf(ask: (on: D1Database) => Promise<unknown>): Promise<number> {
  const counting = new CountingDatabase(db);
  await ask(counting);
  return counting.statements;
}

describe("the order of an owner's query", () => {
  const value = fc.constantFrom<Json>(
    ...[null, true, false, 0, -1, 1.5, 1e21, "", "a", "ab", "é", "\uffee", "😀", "😁", "a\u0000b", "1"],
    ...[[1], ["a"], { b: 1 }, {}],
  );
  const key = fc.constantFrom(
    ...["attr.a", "attr.b", "a", "name", "lm", "createdAt", "objectId", "m", "attr"],
    ...["tr", "unique", "conv_type", "c"],
  );
  const sorts = fc.array(
    fc.tuple(fc.constantFrom("", "-"), key).map((parts) => parts.join("")),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  const world = fc.array(
    fc.record({
      attributes: fc.record({ a: value, b: value }, { requiredKeys: [] }),
      columns: fc.record({ a: value }, { requiredKeys: [] }),
      name: fc.option(fc.constantFrom("a", "\uffee", "😀", "b"), { nil: undefined }),
      lastMessageAt: fc.option(fc.nat({ max: 3 }), { nil: undefined }),
      createdAt: fc.nat({ max: 3 }),
      kind: fc.constantFrom("normal" as const, "room" as const, "system" as const),
      unique: fc.boolean(),
    }),
    { minLength: 5, maxLength: 12 },
  );
  const page = fc.record({ limit: fc.integer({ min: 1, max: 12 }), skip: fc.nat({ max: 8 }) });

  test("an owner's query returns rows in SQLite's order by any keys, in both directions and on any page, however small its slices", async () => {
    await fc.assert(
      fc.asyncProperty(
        world,
        fc.array(fc.tuple(sorts, page), { minLength: 10, maxLength: 10 }),
        async (rows, asked) => {
          await db.prepare("DELETE FROM conversations").run();
          for (const [at, row] of rows.entries())
            await saveConversation(db, conversation(`c${(at * 7) % 12}`, row));
          for (const [keys, bounds] of asked) {
            const query = { sort: keys.join(), ...bounds };
            expect([query, await found(query)]).toEqual([query, await sorted(query)]);
          }
        },
      ),
      { numRuns: 30, interruptAfterTimeLimit: 5_000 },
    );
  });

  test("an owner's query orders whole numbers that are too large for JavaScript as SQLite does", async () => {
    const large = ["9007199254740993", "9007199254740992", "-9007199254740993", "9223372036854775807", "12"];
    for (const [at, number] of large.entries()) {
      const attributes: JsonObject = readAsWritten(`{"n":${number}}`);
      await saveConversation(db, conversation(`c${at}`, { attributes }));
    }
    expect(await found({ sort: "attr.n" })).toEqual(["c2", "c4", "c1", "c0", "c3"]);
    expect(await found({ sort: "-attr.n", limit: 2 })).toEqual(["c3", "c0"]);
  });

  test("an owner's query orders long texts by their first 1,024 characters", async () => {
    const text = "x".repeat(5_000);
    const first = { a: `a${text}`, b: `b${text}`, c: `a${text}${text}` };
    for (const [id, words] of Object.entries(first))
      await saveConversation(db, conversation(id, { attributes: { words } }));
    expect(await found({ sort: "attr.words" })).toEqual(["a", "c", "b"]);
  });
});

describe("[I13] an owner's query is run in short statements", () => {
  const json = { rows: 1_000, json: 4_000, read: 2_000, pattern: 1_000 };

  test("[I13] an owner's query runs one short statement per slice of the values it opens, and more for more conditions", async () => {
    await fill(300, "x".repeat(60));
    const one = { where: { "attr.topic": "none" } };
    const four = { where: { $or: numbers(4).map((at) => ({ "attr.topic": `${at}` })) } };
    // 300 rows of 80 bytes and more.
    const slices = (300 * 80) / json.json;
    expect(await statementsOf((on) => found(one, json, on))).toBeGreaterThan(slices);
    expect(await statementsOf((on) => found(four, json, on))).toBeGreaterThan(4 * slices);
    expect(await statementsOf((on) => countConversations(on, one.where, json))).toBeGreaterThan(slices);
    expect(await statementsOf((on) => found({ where: { m: { $size: 2 } } }, json, on))).toBeLessThan(slices);
    const pattern = { where: { "attr.topic": { $regex: "^[yz]" } } };
    expect(await statementsOf((on) => found(pattern, json, on))).toBeGreaterThan(2 * slices);
  });

  test("[I13] an owner's query that opens no values is sliced by rows", async () => {
    await fill(300);
    const size = { ...json, rows: 50 };
    const where = { tr: { $ne: true } };
    expect(await statementsOf((on) => countConversations(on, where, size))).toBeGreaterThan(2 * (300 / 50));
    expect(await countConversations(db, where, size)).toBe(300);
    // Everything is counted at once: an index has it.
    expect(await statementsOf((on) => countConversations(on, ALL, size))).toBe(1);
    expect(await countConversations(db, ALL, size)).toBe(300);
  });

  test("[I13] the rows of an owner's query are read in parts", async () => {
    await fill(300, "x".repeat(60));
    const once = await statementsOf((on) => found({ limit: 300 }, { ...json, read: 1_000_000 }, on));
    const parts = await statementsOf((on) => found({ limit: 300 }, json, on));
    expect(parts).toBeGreaterThan(once + (300 * 80) / json.read);
  });

  test("[I13] an owner's query with an index slices only its rows, and one by ids reads at most a page", async () => {
    await fill(300);
    await saveConversation(db, conversation("own", { members: ["tom"], name: "mine" }));
    const size = { ...json, rows: 10 };
    const wheres: JsonObject[] = [{ m: "tom" }, { name: "mine" }, { objectId: { $in: ["own"] } }];
    for (const where of wheres) {
      expect(await found({ where }, size)).toEqual(["own"]);
      expect(await statementsOf((on) => found({ where }, size, on))).toBeLessThan(5);
      expect(await countConversations(db, where, size)).toBe(1);
    }
    const page = { sort: "objectId", limit: 5, skip: 10 };
    expect(await found(page, size)).toEqual(numbers(5).map((at) => `c000${at + 10}`));
    expect(await statementsOf((on) => found(page, size, on))).toBeLessThan(8);
  });
});

describe("a pattern that SQL cannot run", () => {
  test("a pattern that SQL cannot run finds in slices what it finds at once", async () => {
    await fill(40);
    const where = { "attr.topic": { $regex: "^f[o]{2}d$" }, "attr.n": { $lt: 3 } };
    expect(await found({ where, sort: "objectId" })).toEqual(["c00000", "c00001", "c00002"]);
    expect(await countConversations(db, where, SMALL)).toBe(3);
    expect(await countConversations(db, { mu: { $regex: "^sp[i]ke$" } }, SMALL)).toBe(0);
    expect(await countConversations(db, { m: { $regex: "^sp[i]ke$" } }, SMALL)).toBe(40);
    expect(await countConversations(db, { name: { $regex: "^[a-z]+$" } }, SMALL)).toBe(0);
  });

  test("a pattern that SQL cannot run is tried on 5,000 different values of all slices together, and refused beyond", async () => {
    const values = (from: number) => ({ list: numbers(3_000).map((at) => `value ${at + from}`) });
    const where = { "attr.list": { $regex: "^value [0-9]$" } };
    const size = { ...SMALL, pattern: 1_000_000 };
    await saveConversation(db, conversation("a", { attributes: values(0) }));
    await saveConversation(db, conversation("b", { attributes: values(1_000) }));
    expect(await found({ where, sort: "objectId" }, size)).toEqual(["a"]);
    await saveConversation(db, conversation("c", { attributes: values(3_000) }));
    expect(await countConversations(db, where, size)).toMatchObject({
      detail: expect.stringContaining("slow query"),
    });
  });
});
