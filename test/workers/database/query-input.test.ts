import { beforeAll, describe, expect, test } from "vitest";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import type { Json } from "../../../src/model/json.ts";
import { conversation } from "../../support/records.ts";
import { world } from "../support/world.ts";
import { date, day, found, openSmallWorld, query, refused } from "./small-world.ts";

beforeAll(() => openSmallWorld());

describe("an unknown part of a where is refused, never ignored", () => {
  const deep = (levels: number): Json => (levels === 0 ? { name: "x" } : { $and: [deep(levels - 1)] });
  const wide = (count: number): Json => ({
    $or: Array.from({ length: count }, (_, n) => ({ name: `n${n}` })),
  });
  const paths = Array.from({ length: 50 }, (_, n) => [`attr.k${n}`, { $in: [1, "a", true, { a: 1 }] }]);

  test.each<[Json, string]>([
    [{ name: { $foo: 1 } }, "102: unknown operator $foo"],
    [{ name: { $ne: "a", $foo: 1 } }, "102: unknown operator $foo"],
    [{ name: { $foo: 1, plain: 1 } }, "102: unknown operator $foo"],
    [{ name: { $in: ["a"], plain: 1 } }, "102: unknown operator plain"],
    [{ $where: "this.name == 'x'" }, "102: unknown operator $where"],
    [{ $nor: [{ name: "x" }] }, "102: unknown operator $nor"],
    [{ "attr.at": { $nearSphere: { __type: "GeoPoint", latitude: 1, longitude: 1 } } }, "$nearSphere"],
    [{ "attr.at": { $within: { $box: [] } } }, "$within"],
    [{ name: { $not: { $in: [] } } }, "unknown operator $not"],
    [{ $or: [] }, "$or"],
    [{ $and: { name: "x" } }, "$and"],
    [{ $or: ["x"] }, "where must be an object"],
    [[], "where must be an object"],
    ["x", "where must be an object"],
    [5, "where must be an object"],
    [{ name: { $in: "a" } }, "$in needs a list"],
    [{ name: { $in: Array.from({ length: 1001 }, () => "a") } }, "$in has more than"],
    [{ m: { $all: "a" } }, "$all needs a list"],
    [{ m: { $all: [{ $regex: "a" }] } }, "operator"],
    [{ m: { $in: [{ $regex: "a" }] } }, "operator"],
    [{ m: { $size: "1" } }, "$size"],
    [{ m: { $size: -1 } }, "$size"],
    [{ name: { $exists: "yes" } }, "$exists"],
    [{ name: { $lt: null } }, "$lt"],
    [{ name: { $gt: [1] } }, "$gt"],
    [{ lm: { $gt: { __type: "Date", iso: "yesterday" } } }, "malformed date"],
    [{ lm: { __type: "Date" } }, "malformed date"],
    [{ name: { $regex: 5 } }, "$regex needs a string"],
    [{ name: { $regex: "(" } }, "$regex is malformed"],
    [{ name: { $regex: "(?=a)" } }, "$regex is malformed"],
    [{ name: { $regex: "(a)\\1" } }, "$regex is malformed"],
    [{ name: { $regex: "a".repeat(513) } }, "$regex is longer"],
    [{ name: { $regex: "(\\pL{1000})".repeat(40) } }, "$regex is too complicated"],
    [{ name: { $regex: "a", $options: "q" } }, "$options"],
    [{ name: { $regex: "a", $options: 1 } }, "$options needs a string"],
    [{ name: { $options: "i" } }, "$options needs $regex"],
    [{ 'attr."x"': 1 }, "invalid key"],
    [{ "attr.a\\b": 1 }, "invalid key"],
    [{ "attr.\u0000": 1 }, "invalid key"],
    [{ "attr..a": 1 }, "invalid key"],
    [{ "attr.": 1 }, "invalid key"],
    [{ "": 1 }, "invalid key"],
    [{ "attr.$ne": 1 }, "invalid key"],
    [{ "a.b.c.d.e.f.g.h.i.j.k": 1 }, "invalid key"],
    [deep(9), "nested too deeply"],
    [wide(51), "more than 50 conditions"],
    [Object.fromEntries(paths), "too large"],
    [
      { $or: Array.from({ length: 5 }, (_, n) => ({ [`attr.k${n}`]: { $regex: "^[ab]" } })) },
      "more than 4 general $regex",
    ],
  ])("the where %j is refused", async (where, detail) => {
    const answer = await refused({ where });
    expect(answer).toContain("CONVERSATION_QUERY_FAILED 102: ");
    expect(answer).toContain(detail);
  });

  test("the largest where that is allowed is answered", async () => {
    expect(await found({ where: deep(8) })).toEqual([]);
    expect(await found({ where: wide(50) })).toEqual([]);
    const attributes = Array.from({ length: 48 }, (_, n) => ({ [`attr.k${n}`]: n }));
    expect(await found({ where: { $or: attributes } })).toEqual([]);
    const ids = Array.from({ length: 1000 }, (_, n) => `id-${n}`);
    expect(await found({ where: { objectId: { $in: [...ids.slice(1), "a"] } } })).toEqual(["a"]);
  });
});

describe("text from a client is never SQL", () => {
  const hostile = [
    "'; DROP TABLE conversations; --",
    "' OR '1'='1",
    '" OR 1=1 --',
    "x') OR 1=1 --",
    "?1",
    ":a",
    "$.x",
    "\\",
    "%",
    "[*]",
    "x'; DELETE FROM members; --",
  ];

  test.each(hostile)("%s is plain text as a value of a where", async (text) => {
    for (const key of ["objectId", "name", "m", "mu", "attr.type", "color"]) {
      for (const where of [
        { [key]: text },
        { [key]: { $in: [text, "z"] } },
        { [key]: { $all: [text, text] } },
      ]) {
        expect(await found({ where })).toEqual([]);
      }
      expect(await found({ where: { [key]: { $regex: `^\\Q${text}\\E` } } })).toEqual([]);
      expect(await found({ where: { [key]: { $regex: `^[']?\\Q${text}\\E` } } })).toEqual([]);
    }
    expect(await found({ clientId: text })).toEqual([]);
    expect(await found({ where: { sys: true } })).toEqual(["system"]);
  });

  test.each(hostile)("%s is plain text as a key of a where", async (text) => {
    for (const key of [text, `attr.${text}`, `attr.a.${text}`]) {
      const answer = await query({ where: { [key]: "x" } });
      if (!("refused" in answer)) expect(answer).toEqual([]);
      const sorted = await query({ where: { sys: true }, sort: key });
      if (!("refused" in sorted)) expect(sorted).toHaveLength(1);
    }
    expect(await found({ where: { m: "bob" } })).toHaveLength(2);
  });

  test("names of JavaScript's own properties are ordinary keys of a where", async () => {
    for (const key of ["__proto__", "constructor", "toString", "attr.__proto__", "hasOwnProperty"]) {
      const where: Json = JSON.parse(`{"${key}": "x"}`);
      expect(await found({ where })).toEqual([]);
      expect(await found({ where: JSON.parse(`{"name": {"${key}": 1}}`) })).toEqual([]);
    }
  });

  test("odd keys of a where find what is stored under them", async () => {
    const odd = { "k'ey": 1, 键: "值", "a b": 2, "[0]": 3, "*": 4, "%": 5, "#-1": 6 };
    await saveConversation(world.DB, conversation("odd", { members: [], attributes: odd }));
    for (const [key, value] of Object.entries(odd)) {
      expect(await found({ where: { [`attr.${key}`]: value } })).toEqual(["odd"]);
    }
    await world.DB.prepare("DELETE FROM conversations WHERE id = 'odd'").run();
  });
});

describe("odd values", () => {
  const nested = (levels: number): Json => (levels === 0 ? 1 : [nested(levels - 1)]);

  test("odd values of a where find nothing and cause no error", async () => {
    const odd = [
      "a\u0000b",
      "\ud800",
      "x".repeat(100_000),
      1e308,
      -0,
      5e-324,
      Number.POSITIVE_INFINITY,
      2 ** 53,
    ];
    for (const value of odd) {
      for (const key of ["objectId", "name", "m", "attr.type", "attr.tags", "lm"]) {
        expect(await found({ where: { [key]: value } })).toEqual([]);
        expect(await found({ where: { [key]: { $in: [value, [value], { value }] } } })).toEqual([]);
      }
    }
    expect(await found({ where: { m: { $size: 2 ** 53 - 1 } } })).toEqual([]);
  });

  test("values of a where that are nested too deep are refused", async () => {
    expect(await found({ where: { "attr.type": nested(99) } })).toEqual([]);
    for (const where of [{ "attr.type": nested(2000) }, { "attr.type": { $all: [nested(2000)] } }]) {
      expect(await refused({ where })).toContain("nested too deeply");
    }
  });

  test("values that a client stored nested too deep do not break other queries", async () => {
    const attributes = { type: "deep", hole: nested(2000) };
    await saveConversation(
      world.DB,
      conversation("deep", { members: [], attributes, columns: { hole: nested(2000) } }),
    );
    expect(await found({ where: { "attr.type": { $exists: true } } })).toEqual(["a", "b", "c", "deep"]);
    expect(await found({ where: { hole: { $exists: true } } })).toEqual([]);
    await world.DB.prepare("DELETE FROM conversations WHERE id = 'deep'").run();
  });
});

test("a text that looks like a date or contains NUL is found as a text", async () => {
  const attributes = {
    now: { __type: "Date", iso: "now" },
    days: { __type: "Date", iso: 5 },
    nul: "a\u0000b",
  };
  await saveConversation(world.DB, conversation("odd", { members: [], attributes }));
  for (const key of ["attr.now", "attr.days"]) {
    expect(await found({ where: { [key]: { $gt: date(day) } } })).toEqual([]);
    expect(await found({ where: { [key]: { $lt: date(day) } } })).toEqual([]);
  }
  expect(await found({ where: { "attr.nul": { $regex: "\\Q\u0000b\\E$" } } })).toEqual(["odd"]);
  await deleteConversation(world.DB, "odd");
});

describe("patterns that would be slow", () => {
  test.each(["(a+)+$", "(a|aa)+$", "^([a-zA-Z]+)*$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "the pattern %s is not slow",
    async ($regex) => {
      await saveConversation(
        world.DB,
        conversation("long", { members: [], attributes: { text: `${"a".repeat(4000)}!` } }),
      );
      const start = Date.now();
      expect(await found({ where: { "attr.text": { $regex } } })).toEqual([]);
      expect(Date.now() - start).toBeLessThan(1000);
    },
  );

  test("slow patterns on too much text are refused", async () => {
    const texts = Array.from({ length: 6 }, (_, n) => `${n}${"ab".repeat(100_000)}`);
    await saveConversation(world.DB, conversation("huge", { members: [], attributes: { texts } }));
    expect(await refused({ where: { "attr.texts": { $regex: "^[q]" } } })).toContain("slow query");
    await saveConversation(
      world.DB,
      conversation("huge", { members: [], attributes: { texts: texts.slice(4) }, updatedAt: 2000 }),
    );
    expect(await found({ where: { "attr.texts": { $regex: "^[5]" } } })).toEqual(["huge"]);
    expect(await refused({ where: { "attr.texts": { $regex: "[ab]*a[ab]{200}[cd]" } } })).toContain(
      "slow query",
    );
  });

  test("slow patterns on too many values are refused, unless another condition reduces them", async () => {
    const values = Array.from({ length: 5001 }, (_, n) => `value-${n}`);
    await saveConversation(world.DB, conversation("busy", { members: ["eve"], attributes: { values } }));
    expect(await refused({ where: { "attr.values": { $regex: "^value.[0-9]$" } } })).toContain("slow query");
    expect(await found({ where: { "attr.values": { $regex: "^v.l" }, m: "alice" } })).toEqual([]);
    await saveConversation(
      world.DB,
      conversation("busy", { members: ["eve"], attributes: { values: values.slice(1) }, updatedAt: 2000 }),
    );
    expect(await found({ where: { "attr.values": { $regex: "^value.[0-9]$" } } })).toEqual(["busy"]);
  });
});
