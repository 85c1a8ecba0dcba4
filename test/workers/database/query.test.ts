import { beforeAll, describe, expect, test } from "vitest";
import { type ConversationQuery, queryConversations } from "../../../src/database/conversations/query.ts";
import { deleteConversation, saveConversation } from "../../../src/database/conversations/save.ts";
import { deleteMessages, saveMessages } from "../../../src/database/messages/save.ts";
import type { Json } from "../../../src/model/json.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";
import { database } from "../support/world.ts";
import { message } from "./database.ts";

const date = (time: number | string): Json => ({ __type: "Date", iso: new Date(time).toISOString() });
const day = Date.parse("2026-11-22T00:00:00.000Z");

/** A small world. `a` to `d` are groups with attributes, then one of each other kind. */
const world: ConversationRecord[] = [
  conversation("a", {
    name: "Alpha",
    creator: "alice",
    members: ["alice", "bob"],
    muted: ["bob"],
    attributes: { type: "work", level: 1, tags: ["x", "y"], open: true, due: date(day), none: null },
    columns: { color: "red", sizes: [1, 2, 3] },
    unique: true,
    uniqueId: "unique-a",
    createdAt: day,
    updatedAt: day + 1,
    lastMessageAt: day + 400,
  }),
  conversation("b", {
    name: "Beta",
    creator: "bob",
    members: ["alice", "bob", "carol"],
    attributes: {
      type: "play",
      level: 2.5,
      tags: ["y"],
      open: false,
      due: date(day + 1000),
      a: { b: "deep" },
    },
    columns: { color: "blue", sizes: [] },
    createdAt: day + 10,
    updatedAt: day + 11,
    lastMessageAt: day + 300,
  }),
  conversation("c", {
    name: "群聊 Gamma 🎉",
    creator: "carol",
    members: ["carol", "o'hara"],
    attributes: { type: "1", level: "1", tags: [1, null, { k: 1 }, ["n"]], open: "true" },
    columns: { color: { r: 1, g: 2 } },
    createdAt: day + 20,
    updatedAt: day + 21,
    lastMessageAt: day + 200,
  }),
  conversation("d", {
    creator: "alice",
    members: ["alice"],
    attributes: { due: [date(day + 5000), "text"], level: [10, 20], a: 5 },
    createdAt: day + 30,
    updatedAt: day + 31,
  }),
  conversation("room", {
    kind: "room",
    name: "Lobby",
    members: [],
    createdAt: day + 40,
    updatedAt: day + 41,
  }),
  conversation("system", {
    kind: "system",
    name: "News",
    members: [],
    createdAt: day + 50,
    updatedAt: day + 51,
  }),
];
const everyone = world.map(({ id }) => id);

let db: D1Database;
beforeAll(async () => {
  db = await database();
  for (const record of world) await saveConversation(db, record);
});

function query(fields: Partial<ConversationQuery>) {
  const none = {
    where: undefined,
    sort: undefined,
    limit: undefined,
    skip: undefined,
    withLastMessage: false,
  };
  return queryConversations(db, { ...none, clientId: "alice", ...fields });
}

async function found(fields: Partial<ConversationQuery>): Promise<string[]> {
  const answer = await query(fields);
  if ("refused" in answer) throw new Error(answer.detail);
  return answer.map((each) => each.conversation.id);
}

async function refused(fields: Partial<ConversationQuery>): Promise<string> {
  const answer = await query(fields);
  return "refused" in answer ? `${answer.refused} ${answer.detail}` : `found ${answer.length}`;
}

const except = (...ids: string[]) => everyone.filter((id) => !ids.includes(id));

/** Title, `where`, the ids it finds. */
const cases: Record<string, [Json, string[]][]> = {
  equality: [
    [{ objectId: "a" }, ["a"]],
    [{ name: "Beta" }, ["b"]],
    [{ name: "群聊 Gamma 🎉" }, ["c"]],
    [{ c: "alice" }, ["a", "d", "room", "system"]],
    [{ name: "Beta", c: "alice" }, []],
    [{ "attr.type": "work" }, ["a"]],
    [{ "attr.a.b": "deep" }, ["b"]],
    [{ color: "red" }, ["a"]],
    [{ uniqueId: "unique-a" }, ["a"]],
    [{ lm: date(day + 400) }, ["a"]],
    [{ createdAt: date(day + 10) }, ["b"]],
    [{ "attr.due": date(day) }, ["a"]],
    [{ "attr.due": { __type: "Date", iso: "2026-11-22T08:00:00.000+08:00" } }, ["a"]],
    [{ name: { $eq: "Beta" } }, ["b"]],
    [{ conv_type: 2 }, ["room"]],
    [{}, ["a", "b", "d"]],
  ],
  "types never mix": [
    [{ "attr.level": 1 }, ["a"]],
    [{ "attr.level": "1" }, ["c"]],
    [{ "attr.open": true }, ["a"]],
    [{ "attr.open": false }, ["b"]],
    [{ "attr.open": "true" }, ["c"]],
    [{ "attr.open": 1 }, []],
    [{ "attr.level": { $lt: 5 } }, ["a", "b"]],
    [{ "attr.level": { $lt: "5" } }, ["c"]],
    [{ "attr.level": { $gt: false } }, []],
    [{ "attr.open": { $gt: false } }, ["a"]],
    [{ name: 1 }, []],
    [{ name: true }, []],
    [{ lm: day + 400 }, []],
    [{ lm: "2026-11-22T00:00:00.400Z" }, []],
    [{ createdAt: { $gt: 5 } }, []],
    [{ name: { $gt: 0 } }, []],
    [{ "attr.due": { $gt: "2026" } }, ["d"]],
  ],
  "arrays contain": [
    [{ m: "bob" }, ["a", "b"]],
    [{ m: "nobody" }, []],
    [{ m: ["alice", "bob"] }, ["a"]],
    [{ m: ["bob", "alice"] }, []],
    [{ m: 1 }, []],
    [{ mu: "bob" }, ["a"]],
    [{ "attr.tags": "y" }, ["a", "b"]],
    [{ "attr.tags": 1 }, ["c"]],
    [{ "attr.tags": "1" }, []],
    [{ "attr.tags": ["y"] }, ["b"]],
    [{ "attr.tags": ["n"] }, ["c"]],
    [{ "attr.tags": { k: 1 } }, ["c"]],
    [{ "attr.due": date(day + 5000) }, ["d"]],
    [{ sizes: 2 }, ["a"]],
    [{ sizes: [] }, ["b"]],
    [{ "attr.level": { $gt: 15 } }, ["d"]],
  ],
  objects: [
    [{ color: { r: 1, g: 2 } }, ["c"]],
    [{ color: { r: 1 } }, []],
    // The object's own members are not its elements.
    [{ color: 1 }, []],
    [{ "attr.a": "deep" }, []],
    [{ "attr.a": 5 }, ["d"]],
    [{ "color.g": 2 }, ["c"]],
    [{ "name.x": "Beta" }, []],
    [{ "attr.due.iso": "2026-11-22T00:00:00.000Z" }, ["a"]],
  ],
  "null and absence": [
    [{ name: null }, ["d"]],
    [{ lm: null }, ["d", "room", "system"]],
    [{ "attr.none": null }, everyone],
    [{ "attr.type": null }, ["d", "room", "system"]],
    [{ "attr.tags": null }, ["c", "d", "room", "system"]],
    [{ "attr.type": { $ne: null } }, ["a", "b", "c"]],
    [{ name: { $exists: true } }, except("d")],
    [{ name: { $exists: false } }, ["d"]],
    [{ "attr.none": { $exists: true } }, ["a"]],
    [{ "attr.none": { $exists: false } }, except("a")],
    [{ lm: { $exists: true } }, ["a", "b", "c"]],
    [{ tr: { $exists: true } }, ["room"]],
    [{ m: { $exists: true } }, everyone],
    [{ name: { $in: [null, "Beta"] } }, ["b", "d"]],
    [{ "attr.type": { $nin: [null, "work"] } }, ["b", "c"]],
  ],
  flags: [
    [{ tr: true }, ["room"]],
    [{ tr: false }, except("room")],
    [{ sys: true }, ["system"]],
    [{ sys: { $ne: true } }, except("system")],
    [{ sys: { $ne: false } }, ["system"]],
    [{ sys: null }, except("system")],
    [{ unique: true }, ["a"]],
    [{ unique: { $in: [false] } }, except("a")],
    [{ unique: { $in: [true, false] } }, everyone],
    [{ unique: "true" }, []],
    [{ tr: false, sys: false, m: "carol" }, ["b", "c"]],
    [{ temp: true }, []],
  ],
  comparison: [
    [{ lm: { $gt: date(day + 200) } }, ["a", "b"]],
    [{ lm: { $gte: date(day + 200) } }, ["a", "b", "c"]],
    [{ lm: { $lt: date(day + 300) } }, ["c"]],
    [{ lm: { $lte: date(day + 300), $gt: date(day + 200) } }, ["b"]],
    [{ "attr.due": { $lt: date(day + 1000) } }, ["a"]],
    [{ "attr.due": { $gte: date(day + 1000) } }, ["b", "d"]],
    [{ "attr.level": { $gte: 1, $lte: 2.5 } }, ["a", "b"]],
    [{ name: { $lt: "B" } }, ["a"]],
    [{ name: { $gt: "M" } }, ["c", "system"]],
    [{ conv_type: { $gt: 1 } }, ["room", "system"]],
    [{ tr: { $gt: false } }, []],
  ],
  "$ne, $in, $nin": [
    [{ name: { $ne: "Beta" } }, except("b")],
    [{ m: { $ne: "alice" } }, ["c", "room", "system"]],
    [{ "attr.type": { $ne: "work" } }, except("a")],
    [{ "attr.tags": { $ne: "y" } }, except("a", "b")],
    [{ objectId: { $in: ["a", "c", "zzz"] } }, ["a", "c"]],
    [{ objectId: { $in: [] } }, []],
    [{ objectId: { $nin: [] } }, everyone],
    [{ objectId: { $nin: ["a", "c", 5] } }, except("a", "c")],
    [{ m: { $in: ["carol", "o'hara"] } }, ["b", "c"]],
    [{ m: { $nin: ["carol", "bob"] } }, ["d", "room", "system"]],
    [{ "attr.level": { $in: [1, "1", 20] } }, ["a", "c", "d"]],
    [{ "attr.tags": { $in: ["x", 1] } }, ["a", "c"]],
    [{ "attr.open": { $in: [true, "true"] } }, ["a", "c"]],
    [{ "attr.due": { $in: [date(day), date(day + 5000)] } }, ["a", "d"]],
    [{ lm: { $in: [date(day + 200), date(day + 300)] } }, ["b", "c"]],
    [{ color: { $in: [{ r: 1, g: 2 }, "red"] } }, ["a", "c"]],
  ],
  "$all and $size": [
    [{ m: { $all: ["alice", "bob"] } }, ["a", "b"]],
    [{ m: { $all: ["alice", "bob"], $size: 2 } }, ["a"]],
    [{ m: { $all: ["bob", "bob"] } }, ["a", "b"]],
    [{ m: { $all: ["alice", 5] } }, []],
    [{ m: { $all: [] } }, []],
    [{ m: { $size: 0 } }, ["room", "system"]],
    [{ m: { $size: 3 } }, ["b"]],
    [{ mu: { $all: ["bob"] } }, ["a"]],
    [{ mu: { $size: 1 } }, ["a"]],
    [{ "attr.tags": { $all: ["y", "x"] } }, ["a"]],
    [{ "attr.tags": { $all: [1, null, { k: 1 }, ["n"]] } }, ["c"]],
    [{ "attr.tags": { $all: ["1"] } }, []],
    [{ "attr.type": { $all: ["work"] } }, ["a"]],
    [{ "attr.tags": { $size: 2 } }, ["a"]],
    [{ "attr.tags": { $all: [["y"]] } }, ["b"]],
    [{ "attr.due": { $all: [date(day)] } }, ["a"]],
    [{ "attr.type": { $all: [null] } }, ["d", "room", "system"]],
    [{ "attr.a": { $all: [{ b: "deep" }] } }, ["b"]],
    [{ "attr.type": { $size: 0 } }, []],
    [{ sizes: { $size: 0 } }, ["b"]],
    [{ sizes: { $all: [1, 3] } }, ["a"]],
    [{ name: { $all: ["Beta"] } }, ["b"]],
    [{ name: { $all: ["Beta", "Alpha"] } }, []],
    [{ name: { $size: 1 } }, []],
  ],
  "$and and $or": [
    [{ $or: [{ name: "Alpha" }, { name: "Beta" }] }, ["a", "b"]],
    [{ $and: [{ m: "alice" }, { m: "carol" }] }, ["b"]],
    [{ $or: [{ name: "Alpha" }, { "attr.level": { $gt: 2 } }], c: "bob" }, ["b"]],
    [{ $or: [{ $and: [{ m: "alice" }, { $or: [{ c: "bob" }] }] }, { sys: true }] }, ["b", "system"]],
    [{ $or: [{}] }, everyone],
    [{ $and: [{ name: { $ne: "Beta" } }, { name: { $ne: "Alpha" } }], m: "alice" }, ["d"]],
  ],
  "$regex as the SDKs write fixed text": [
    [{ name: { $regex: "\\Qet\\E" } }, ["b"]],
    [{ name: { $regex: ".*\\Qet\\E.*" } }, ["b"]],
    [{ name: { $regex: "^\\QAl\\E" } }, ["a"]],
    [{ name: { $regex: "^\\QAl\\E.*" } }, ["a"]],
    [{ name: { $regex: "\\Qta\\E$" } }, ["b"]],
    [{ name: { $regex: ".*\\Q🎉\\E$" } }, ["c"]],
    [{ name: { $regex: "^\\QBeta\\E$" } }, ["b"]],
    [{ name: { $regex: "\\Qa b\\E\\\\E\\Qc\\E" } }, []],
    [{ name: { $regex: "群", $options: "i" } }, ["c"]],
    [{ name: { $regex: "" } }, except("d")],
    [{ "attr.type": { $regex: "or" } }, ["a"]],
    [{ "attr.tags": { $regex: "^y" } }, ["a", "b"]],
    [{ "attr.level": { $regex: "^1$" } }, ["c"]],
    [{ m: { $regex: "^\\Qo'h\\E" } }, ["c"]],
    [{ lm: { $regex: "2" } }, []],
  ],
  "$regex that SQL cannot run": [
    [{ name: { $regex: "^[AB]" } }, ["a", "b"]],
    [{ name: { $regex: "^al", $options: "i" } }, ["a"]],
    [{ name: { $options: "im", $regex: "^BETA$" } }, ["b"]],
    [{ name: { $regex: "\\u7fa4\\u804a" } }, ["c"]],
    [{ name: { $regex: "^\\p{Han}+ " } }, ["c"]],
    [{ name: { $regex: "(?=A)|b" } }, ["refused"]],
    [{ name: { $regex: "^[AB]" }, c: "bob" }, ["b"]],
    [{ $or: [{ name: { $regex: "^[A]" } }, { name: { $regex: "ews$|zz" } }] }, ["a", "system"]],
    [{ "attr.type": { $regex: "^(work|play)$" } }, ["a", "b"]],
    [{ "attr.tags": { $regex: "^[xz]$" } }, ["a"]],
    [{ m: { $regex: "^c.*l$" } }, ["b", "c"]],
    [{ mu: { $regex: "^b.b$" } }, ["a"]],
    [{ objectId: { $regex: "^[a-c]$" } }, ["a", "b", "c"]],
    [{ name: { $regex: "^[Q]" } }, []],
    [{ color: { $regex: "^(r|b)" } }, ["a", "b"]],
  ],
};

for (const [title, table] of Object.entries(cases)) {
  describe(title, () => {
    test.each(table)("the where %j finds %j", async (where, expected) => {
      if (expected[0] === "refused") expect(await refused({ where })).toContain("CONVERSATION_QUERY_FAILED");
      else expect((await found({ where })).sort()).toEqual([...expected].sort());
    });
  });
}

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
    await saveConversation(db, conversation("odd", { members: [], attributes: odd }));
    for (const [key, value] of Object.entries(odd)) {
      expect(await found({ where: { [`attr.${key}`]: value } })).toEqual(["odd"]);
    }
    await db.prepare("DELETE FROM conversations WHERE id = 'odd'").run();
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
      db,
      conversation("deep", { members: [], attributes, columns: { hole: nested(2000) } }),
    );
    expect(await found({ where: { "attr.type": { $exists: true } } })).toEqual(["a", "b", "c", "deep"]);
    expect(await found({ where: { hole: { $exists: true } } })).toEqual([]);
    await db.prepare("DELETE FROM conversations WHERE id = 'deep'").run();
  });
});

describe("order and pages", () => {
  test("the latest message comes first, conversations without one last, then by id", async () => {
    const where = { objectId: { $exists: true } };
    expect(await found({ where })).toEqual(["a", "b", "c", "d", "room", "system"]);
    expect(await found({ where, sort: "" })).toEqual(["a", "b", "c", "d", "room", "system"]);
    expect(await found({ where, sort: "lm" })).toEqual(["d", "room", "system", "c", "b", "a"]);
  });

  test.each([
    ["-createdAt", ["system", "room", "d", "c", "b", "a"]],
    ["name", ["d", "a", "b", "room", "system", "c"]],
    ["-c,-objectId", ["c", "b", "system", "room", "d", "a"]],
    ["c , -updatedAt", ["system", "room", "d", "a", "b", "c"]],
    ["-attr.due.iso", ["b", "a", "c", "d", "room", "system"]],
    ["-tr,objectId", ["room", "a", "b", "c", "d", "system"]],
    ["-conv_type", ["system", "room", "a", "b", "c", "d"]],
    ["missing", ["a", "b", "c", "d", "room", "system"]],
  ])("a query sorts by %s", async (sort, expected) => {
    expect(await found({ where: { objectId: { $exists: true } }, sort })).toEqual(expected);
  });

  test.each(["-", "lm,", ",", 'attr."x"', "a,b,c,d,e,f,g,h,i", "$x"])(
    "a query with the sort %s is refused",
    async (sort) => {
      expect(await refused({ where: { sys: true }, sort })).toContain("CONVERSATION_QUERY_FAILED 102: ");
    },
  );

  test("a query returns ten rows by default, a hundred if its limit is out of range, and none for a limit of 0", async () => {
    for (let n = 0; n < 120; n++) {
      await saveConversation(db, conversation(`many-${1000 + n}`, { members: ["mallory"], name: "many" }));
    }
    const where = { name: "many" };
    const count = async (limit: number | undefined, skip?: number) =>
      (await found({ where, limit, skip })).length;
    expect(await count(undefined)).toBe(10);
    expect(await count(7)).toBe(7);
    expect(await count(999)).toBe(120);
    expect(await count(1000)).toBe(120);
    expect(await count(1001)).toBe(100);
    expect(await count(-1)).toBe(100);
    expect(await count(0)).toBe(0);
    expect(await count(999, 115)).toBe(5);
    expect(await count(999, -5)).toBe(120);
    expect(await count(999, 1e12)).toBe(0);
    expect(await found({ where, limit: 2, skip: 3 })).toEqual(["many-1003", "many-1004"]);
    await db.prepare("DELETE FROM conversations WHERE name = 'many'").run();
    await db.prepare("DELETE FROM members WHERE client_id = 'mallory'").run();
  });
});

describe("without conditions", () => {
  test.each<[Json | undefined]>([[undefined], [null], [{}]])(
    "the where %j finds the normal conversations of the client",
    async (where) => {
      expect(await found({ where })).toEqual(["a", "b", "d"]);
      expect(await found({ where, clientId: "carol" })).toEqual(["b", "c"]);
      expect(await found({ where, clientId: "nobody" })).toEqual([]);
    },
  );

  test("a query without conditions leaves out chat rooms and system conversations of the client", async () => {
    await saveConversation(db, conversation("room-of-dave", { kind: "room", members: ["dave"] }));
    expect(await found({ clientId: "dave" })).toEqual([]);
    expect(await found({ clientId: "dave", where: { m: "dave" } })).toEqual(["room-of-dave"]);
    await db.prepare("DELETE FROM conversations WHERE id = 'room-of-dave'").run();
  });
});

describe("answers", () => {
  test("a query returns the whole record", async () => {
    expect(await query({ where: { objectId: "a" } })).toEqual([
      { conversation: world[0], lastMessage: undefined },
    ]);
  });

  test("a query returns the newest message of each conversation if requested", async () => {
    const last = message(day + 400, { content: new Uint8Array([1, 2]), from: "bob", patchedAt: day + 600 });
    await saveMessages(db, "a", [message(10), message(20), last]);
    await saveMessages(db, "b", [message(day + 300)]);
    const answer = await query({ withLastMessage: true });
    if ("refused" in answer) throw new Error(answer.detail);
    expect(answer.map((each) => [each.conversation.id, each.lastMessage])).toEqual([
      ["a", last],
      ["b", message(day + 300)],
      ["d", undefined],
    ]);
  });

  test.each([
    ["was deleted", [message(8), message(9, { content: "", patchedAt: 10, deleted: true })]],
    ["is for some only", [message(8), message(9, { recipients: ["bob"] })]],
    ["has not come to D1 yet", [message(8)]],
  ])("a query returns no last message if the newest %s", async (_, messages) => {
    await saveConversation(db, conversation("lately", { members: ["eve"], updatedAt: 1 }));
    await saveMessages(db, "lately", messages);
    await saveConversation(db, conversation("lately", { members: ["eve"], lastMessageAt: 9, updatedAt: 2 }));
    const answer = await query({ clientId: "eve", withLastMessage: true });
    if ("refused" in answer) throw new Error(answer.detail);
    expect(answer.map(({ lastMessage }) => lastMessage)).toEqual([undefined]);
    await deleteMessages(db, "lately", [8, 9]);
    await deleteConversation(db, "lately");
  });
});

test("a text that looks like a date or contains NUL is found as a text", async () => {
  const attributes = {
    now: { __type: "Date", iso: "now" },
    days: { __type: "Date", iso: 5 },
    nul: "a\u0000b",
  };
  await saveConversation(db, conversation("odd", { members: [], attributes }));
  for (const key of ["attr.now", "attr.days"]) {
    expect(await found({ where: { [key]: { $gt: date(day) } } })).toEqual([]);
    expect(await found({ where: { [key]: { $lt: date(day) } } })).toEqual([]);
  }
  expect(await found({ where: { "attr.nul": { $regex: "\\Q\u0000b\\E$" } } })).toEqual(["odd"]);
  await deleteConversation(db, "odd");
});

describe("patterns that would be slow", () => {
  test.each(["(a+)+$", "(a|aa)+$", "^([a-zA-Z]+)*$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])(
    "the pattern %s is not slow",
    async ($regex) => {
      await saveConversation(
        db,
        conversation("long", { members: [], attributes: { text: `${"a".repeat(4000)}!` } }),
      );
      const start = Date.now();
      expect(await found({ where: { "attr.text": { $regex } } })).toEqual([]);
      expect(Date.now() - start).toBeLessThan(1000);
    },
  );

  test("slow patterns on too much text are refused", async () => {
    const texts = Array.from({ length: 6 }, (_, n) => `${n}${"ab".repeat(100_000)}`);
    await saveConversation(db, conversation("huge", { members: [], attributes: { texts } }));
    expect(await refused({ where: { "attr.texts": { $regex: "^[q]" } } })).toContain("slow query");
    await saveConversation(
      db,
      conversation("huge", { members: [], attributes: { texts: texts.slice(4) }, updatedAt: 2000 }),
    );
    expect(await found({ where: { "attr.texts": { $regex: "^[5]" } } })).toEqual(["huge"]);
    expect(await refused({ where: { "attr.texts": { $regex: "[ab]*a[ab]{200}[cd]" } } })).toContain(
      "slow query",
    );
  });

  test("slow patterns on too many values are refused, unless another condition reduces them", async () => {
    const values = Array.from({ length: 5001 }, (_, n) => `value-${n}`);
    await saveConversation(db, conversation("busy", { members: ["eve"], attributes: { values } }));
    expect(await refused({ where: { "attr.values": { $regex: "^value.[0-9]$" } } })).toContain("slow query");
    expect(await found({ where: { "attr.values": { $regex: "^v.l" }, m: "alice" } })).toEqual([]);
    await saveConversation(
      db,
      conversation("busy", { members: ["eve"], attributes: { values: values.slice(1) }, updatedAt: 2000 }),
    );
    expect(await found({ where: { "attr.values": { $regex: "^value.[0-9]$" } } })).toEqual(["busy"]);
  });
});
