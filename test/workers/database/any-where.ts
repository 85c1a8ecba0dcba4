import fc from "fast-check";
import { isObject, type Json, type JsonObject } from "../../../src/model/json.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";

/** Any conversations and any `where`. Values come from small pools, so that they meet. */

const day = Date.parse("2026-11-22T00:00:00.000Z");

const text = fc.constantFrom(
  ...[
    "",
    "a",
    "b",
    "ab",
    "B",
    "é",
    "z😀",
    "😀",
    "\uffee",
    "1",
    "true",
    "null",
    "%",
    "_",
    "a\nb",
    "'",
    '"',
    "\\",
  ],
  ...["a\u0000b", "$", "$.a", "[1]", "tom", "jerry"],
);
const number = fc.constantFrom(0, 1, -1, 2, 1.5, 1e21, 2 ** 53, -1e-7, 1e300);
const time = fc.constantFrom(0, 999, day, day + 1, day + 400, day + 1_000);
const dateOf = (at: number): JsonObject => ({ __type: "Date", iso: new Date(at).toISOString() });
const date = time.map(dateOf);
const elsewhere = fc.constant<Json>({ __type: "Date", iso: "2026-11-22T08:00:00.400+08:00" });
const comparable = fc.oneof(text, number, fc.boolean(), date, elsewhere);
export const scalar = fc.oneof(comparable, fc.constant(null));
/** What only looks like a date, to one reader or the other. */
const oddDate = fc
  .constantFrom<Json>("now", "nonsense", "5", "12:00", 5, null, "2026-13-99T00:00:00Z")
  .map((iso): JsonObject => ({ __type: "Date", iso }));

export const key = fc.constantFrom("a", "b", "c", "__proto__", "constructor", "length", "toString");

export const asParsed = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value));

const { plain, stored } = fc.letrec<{ plain: Json; stored: Json }>((tie) => ({
  plain: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("plain"), { maxLength: 3 }),
    fc.dictionary(key, tie("plain"), { maxKeys: 2 }),
  ),
  stored: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    oddDate,
    fc.array(tie("stored"), { maxLength: 3 }),
    fc.dictionary(key, tie("stored"), { maxKeys: 2 }),
  ),
}));

const person = fc.constantFrom("tom", "jerry", "spike", "o'hara", "__proto__", "😀");
const people = fc.uniqueArray(person, { maxLength: 4 });

const record = fc
  .record({
    kind: fc.constantFrom<ConversationRecord["kind"]>("normal", "normal", "room", "system"),
    name: fc.option(text, { nil: undefined }),
    creator: person,
    members: people,
    muted: people,
    attributes: fc.dictionary(key, stored, { maxKeys: 4 }),
    columns: fc.dictionary(key, stored, { maxKeys: 3 }),
    unique: fc.boolean(),
    uniqueId: fc.option(text, { nil: undefined }),
    createdAt: time,
    updatedAt: time,
    lastMessageAt: fc.option(time, { nil: undefined }),
  })
  .map((fields) => ({
    ...fields,
    attributes: asParsed(fields.attributes),
    columns: asParsed(fields.columns),
  }));

const worldOf = fc
  .array(record, { minLength: 4, maxLength: 8 })
  .map((records) => records.map((fields, at) => conversation(`conversation-${at}`, fields)));

const path = fc.array(key, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("."));
export const field = fc.oneof(
  fc.constantFrom("objectId", "name", "c", "m", "mu", "lm", "createdAt", "updatedAt", "uniqueId", "attr"),
  fc.constantFrom("tr", "sys", "unique", "conv_type"),
  path.map((inner) => `attr.${inner}`),
  path,
);

const fixed = text.map((inner) => `\\Q${inner}\\E`);
const pattern = fc.oneof(
  fc
    .tuple(fc.constantFrom("", "^", ".*"), fixed, fc.constantFrom("", "$", ".*"))
    .map((parts) => parts.join("")),
  fc.constantFrom("^[ab]", "[0-9]", "^.$", "b|m$", "^\\p{Lu}"),
);
const regex: fc.Arbitrary<JsonObject> = fc.oneof(
  pattern.map(($regex) => ({ $regex })),
  fc.record({ $regex: fc.constantFrom("^b", "AB", "^A.B$"), $options: fc.constantFrom("i", "m", "is", "") }),
);

export const operators = fc.oneof<fc.Arbitrary<JsonObject>[]>(
  plain.map(($eq) => ({ $eq })),
  plain.map(($ne) => ({ $ne })),
  fc.array(plain, { maxLength: 4 }).map(($in) => ({ $in })),
  fc.array(plain, { maxLength: 4 }).map(($nin) => ({ $nin })),
  fc.array(plain, { maxLength: 3 }).map(($all) => ({ $all })),
  fc.record({ $gt: comparable }),
  fc.record({ $gte: comparable }),
  fc.record({ $lt: comparable }),
  fc.record({ $lte: comparable }),
  fc.boolean().map(($exists) => ({ $exists })),
  fc.nat({ max: 3 }).map(($size) => ({ $size })),
  regex,
);
const condition: fc.Arbitrary<Json> = fc.oneof(
  { arbitrary: plain, weight: 1 },
  { arbitrary: operators, weight: 3 },
  { arbitrary: fc.tuple(operators, operators).map(([one, other]) => ({ ...one, ...other })), weight: 1 },
);
const random = fc.dictionary(field, condition, { minKeys: 1, maxKeys: 2 });

/** What is true of somebody in this world: a key, and a value or an element that it has. */
function factsOf(records: ConversationRecord[]): [string, Json][] {
  return records.flatMap((each) => {
    const { id, name, creator, members, muted, lastMessageAt, createdAt, uniqueId } = each;
    const known = { objectId: id, name, c: creator, m: members, mu: muted, uniqueId };
    const times = { lm: lastMessageAt, createdAt };
    return [
      ...Object.entries(known).flatMap(([at, value]) => (value === undefined ? [] : valuesAt(at, value))),
      ...Object.entries(times).flatMap(([at, value]) =>
        value === undefined ? [] : valuesAt(at, dateOf(value)),
      ),
      ...Object.entries(each.attributes).flatMap(([at, value]) => valuesAt(`attr.${at}`, value)),
      ...Object.entries(each.columns).flatMap(([at, value]) => valuesAt(at, value)),
    ];
  });
}

function valuesAt(at: string, value: Json): [string, Json][] {
  if (Array.isArray(value)) return [[at, value], ...value.map((each): [string, Json] => [at, each])];
  if (typeof value !== "object" || value === null) return [[at, value]];
  return [[at, value], ...Object.entries(value).flatMap(([inner, each]) => valuesAt(`${at}.${inner}`, each))];
}

/** Conditions that some conversation of this world is near to meeting. */
function near(records: ConversationRecord[]): fc.Arbitrary<JsonObject> {
  return fc.tuple(fc.constantFrom(...factsOf(records)), plain).chain(([[at, value], other]) => {
    const text = typeof value === "string" ? value : "a";
    const to = isComparable(value) ? value : 1;
    const size = Array.isArray(value) ? value.length : 1;
    // Odd dates are stored, but refused when asked for.
    const wanted = JSON.stringify(value).includes("iso") && !isComparable(value) ? other : value;
    return fc
      .constantFrom<Json>(
        wanted,
        { $ne: wanted },
        { $in: [other, wanted] },
        { $nin: [wanted, other] },
        { $all: [wanted] },
        { $gte: to, $exists: true },
        { $lt: to },
        { $lte: to, $ne: other },
        { $gt: to },
        { $exists: false },
        { $size: size },
        { $regex: `^\\Q${text.slice(0, 1)}\\E` },
        { $regex: `\\Q${text.slice(1)}\\E$` },
      )
      .map((of) => ({ [at]: of }));
  });
}

function isComparable(value: Json): boolean {
  if (typeof value !== "object") return true;
  if (!isObject(value)) return false;
  return typeof value.iso === "string" && value.iso.length > 20 && !Number.isNaN(Date.parse(value.iso));
}

function wheresFor(records: ConversationRecord[]): fc.Arbitrary<JsonObject> {
  const { wheres } = fc.letrec<{ wheres: JsonObject }>((tie) => {
    const several = fc.array(tie("wheres"), { minLength: 1, maxLength: 3 });
    const one = fc.oneof({ arbitrary: near(records), weight: 3 }, { arbitrary: random, weight: 1 });
    return {
      wheres: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { arbitrary: one, weight: 3 },
        { arbitrary: fc.tuple(one, one).map(([first, second]) => ({ ...first, ...second })), weight: 1 },
        { arbitrary: several.map(($or) => ({ $or })), weight: 1 },
        { arbitrary: several.map(($and) => ({ $and })), weight: 1 },
        { arbitrary: fc.tuple(one, several).map(([more, $or]) => ({ ...more, $or })), weight: 1 },
      ),
    };
  });
  return wheres.map(asParsed);
}

/** Conversations, and wheres that some of them meet or nearly meet. */
export const worldAndWheres = worldOf.chain((records) =>
  fc.tuple(fc.constant(records), fc.array(wheresFor(records), { minLength: 15, maxLength: 15 })),
);
