import { describe, expect, test } from "vitest";
import { conversationTable } from "../../../../src/database/conversations/fields.ts";
import { idsOfWhere, parseWhere } from "../../../../src/database/where/parse-where.ts";
import { isQueryRefusal } from "../../../../src/database/where/query-refusal.ts";
import type { Json } from "../../../../src/model/json.ts";

describe("a where by ids only", () => {
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);

  test.each<[Json, string[]]>([
    [{ objectId: "x" }, ["x"]],
    [{ objectId: { $in: ["x", "y"] } }, ["x", "y"]],
    [{ objectId: { $in: ["x", "y", "x"] } }, ["x", "y"]],
    [{ objectId: { $in: [] } }, []],
    [{ objectId: { $in: ids(1000) } }, ids(1000)],
  ])("the where %j has only ids", (where, ids) => {
    expect(idsOfWhere(where)).toEqual(ids);
  });

  test.each<[Json | undefined]>([
    [{ objectId: { $in: ids(1001) } }],
    [{ objectId: { $in: ["x", 5] } }],
    [{ objectId: { $in: "x" } }],
    [{ objectId: { $in: ["x"], $ne: "y" } }],
    [{ objectId: { $nin: ["x"] } }],
    [{ objectId: "x", name: "y" }],
    [{ objectId: 5 }],
    [{ objectId: null }],
    [{ objectId: ["x"] }],
    [{ name: "x" }],
    [{}],
    [[]],
    [null],
    ["x"],
    [undefined],
  ])("the where %j has more or other than at most 1000 ids", (where) => {
    expect(idsOfWhere(where)).toBeUndefined();
  });
});

describe("a parsed where", () => {
  const read = (where: Json) => parseWhere(where, conversationTable);

  test("the refusal of a where names its first unknown part", () => {
    expect(read({ a: { $one: 1 }, b: { $two: 2 } })).toEqual({
      refused: "CONVERSATION_QUERY_FAILED",
      detail: "102: unknown operator $one",
    });
  });

  test("the refusal of a where shortens a client's text", () => {
    const answer = read({ [`$${"x".repeat(5000)}`]: 1 });
    expect(isQueryRefusal(answer) && answer.detail.length).toBeLessThan(120);
  });

  test("no depth and no width of a where overflows the stack", () => {
    let where: Json = { name: "x" };
    for (let depth = 0; depth < 5000; depth++) where = { $and: [where] };
    expect(read(where)).toEqual({
      refused: "CONVERSATION_QUERY_FAILED",
      detail: "102: where is nested too deeply",
    });
    const wide = { $or: Array.from({ length: 100_000 }, () => ({ name: "x" })) };
    expect(isQueryRefusal(read(wide))).toBe(true);
  });

  test("values of a where differ by type", () => {
    const where: Json = {
      name: { $in: ["a", 1, true, null, { __type: "Date", iso: "2026-11-22T00:00:00.000Z" }, [1], { k: 1 }] },
    };
    expect(read(where)).toMatchObject({
      type: "among",
      values: {
        texts: ["a"],
        numbers: [1],
        booleans: [true],
        dates: [Date.parse("2026-11-22T00:00:00.000Z")],
        documents: ["[1]", '{"k":1}'],
        absent: true,
      },
    });
  });
});
