import { sql } from "drizzle-orm";
import { beforeAll, expect, test } from "vitest";
import { clauseOf } from "../../../src/history/clause.ts";
import { conditionOf, isRefusal } from "../../../src/history/condition.ts";
import { conversations } from "../../../src/history/schema.ts";
import { statement } from "../../../src/history/statement.ts";
import type { Json } from "../../../src/protocol/json.ts";
import { database } from "./database.ts";

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

async function planOf(where: Json): Promise<string[]> {
  const condition = conditionOf(where);
  if (isRefusal(condition)) throw new Error(condition.detail);
  const query = sql`EXPLAIN QUERY PLAN SELECT * FROM ${conversations} WHERE ${clauseOf(condition)}`;
  const { results } = await statement(db, query).all<{ detail: string }>();
  return results.map(({ detail }) => detail);
}

test.each<[Json]>([
  [{ objectId: "a" }],
  [{ objectId: { $in: ["a", "b"] } }],
  [{ m: "alice" }],
  [{ m: { $in: ["alice", "bob"] } }],
  [{ m: { $all: ["alice", "bob"], $size: 2 } }],
  [{ m: "alice", "attr.type": "work", tr: false }],
  [{ name: "Alpha" }],
  [{ name: { $in: ["Alpha", "Beta"] } }],
  [{ tr: true }],
  [{ sys: true, "attr.type": "news" }],
  [{ $or: [{ m: "alice" }, { sys: true }] }],
])("%j reads no more conversations than an index gives", async (where) => {
  const plan = await planOf(where);
  console.log(JSON.stringify(where), plan);
  expect(plan.some((step) => step.startsWith("SCAN conversations"))).toBe(false);
  expect(plan.some((step) => step.startsWith("SCAN members"))).toBe(false);
});
