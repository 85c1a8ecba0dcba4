import type { Random } from "./random.ts";

/** Values that no client means and any client can send. */

export const absurdNumbers: bigint[] = [
  0n,
  1n,
  -1n,
  1_001n,
  2n ** 31n - 1n,
  -(2n ** 31n),
  2n ** 32n,
  2n ** 53n,
  -(2n ** 53n),
  2n ** 63n - 1n,
  -(2n ** 63n),
  8_640_000_000_000_001n, // ms beyond what a Date can be
];

const texts = [
  "",
  " ",
  "\u0000",
  "\u0007\u007f",
  "\ufeff",
  "\u202e\u2066",
  "💥".repeat(40),
  "__proto__",
  "constructor.prototype",
  "toString",
  "../../etc/passwd",
  "'; DROP TABLE conversations; --",
  '$."a"',
  "-attr.a,,-lm,-,$,attr.__proto__.x",
  "-createdAt,name,attr.deep.deeper.deepest,m,mu,objectId,c,sys,tr,unique",
  "default",
  "-1",
  "1e999",
  "null",
  "_tmp:",
  "_tmp:tom",
  "x".repeat(64),
  "x".repeat(65),
  "a.".repeat(200),
];

export function absurdTexts(random: Random): string {
  if (random.chance(0.06)) return "é".repeat(random.pick([600, 3_000, 20_000]));
  return random.chance(0.15) ? absurdJson(random) : random.pick(texts);
}

const nested = (open: string, close: string, levels: number, core = "1") =>
  open.repeat(levels) + core + close.repeat(levels);

const date = (iso: unknown) => JSON.stringify({ lm: { $gt: { __type: "Date", iso } } });

/** JSON for `where`, `attr` or a session token that is wrong, huge, deep, or malicious. */
const documents: (() => string)[] = [
  () => "",
  () => "null",
  () => "[]",
  () => "true",
  () => "1e999",
  () => '"text"',
  () => "{",
  () => "{}{}",
  () => "\ufeff{}",
  () => '{"name":"a","name":"b"}',
  () => "[".repeat(10_000),
  () => nested("[", "]", 5_000),
  () => nested('{"a":', "}", 5_000),
  () => nested('{"a":', "}", 30),
  () => nested('{"$and":[', "]}", 31, '{"name":"a"}'),
  () => nested('{"$or":[{"name":"b"},', "]}", 14, '{"name":"a"}'),
  () => JSON.stringify({ $or: Array.from({ length: 2_000 }, (_, at) => ({ name: `n${at}` })) }),
  () =>
    JSON.stringify({ $and: Array.from({ length: 90 }, (_, at) => ({ [`attr.k${at}`]: { $exists: true } })) }),
  () => JSON.stringify({ name: { $in: Array.from({ length: 10_000 }, (_, at) => `n${at}`) } }),
  () => JSON.stringify({ m: { $all: Array.from({ length: 3_000 }, (_, at) => `tuffy${at % 7}`) } }),
  () => JSON.stringify({ m: { $size: -1 }, mu: { $size: 2 ** 40 }, attr: { $size: "1" } }),
  () => JSON.stringify({ m: { $nin: [null, 1, true, {}, [], "tuffy"] } }),
  () => '{"__proto__":{"admin":true}}',
  () => '{"attr":{"__proto__":{"admin":true}}}',
  () => '{"attr.__proto__.admin":true}',
  () => '{"constructor":{"prototype":{"admin":true}}}',
  () => JSON.stringify({ name: { $regex: "(a+)+$" } }),
  () => JSON.stringify({ name: { $regex: "^(([a-z])+.)+[A-Z]([a-z])+$", $options: "imsx" } }),
  () => JSON.stringify({ name: { $regex: "(((a{1,100}){1,100}){1,100}){1,100}" } }),
  () => JSON.stringify({ name: { $regex: "(" } }),
  () => JSON.stringify({ name: { $regex: "(?=a)\\1", $options: "gy" } }),
  () => JSON.stringify({ "attr.a": { $regex: ".*".repeat(2_000) } }),
  () => JSON.stringify({ "attr.a": { $regex: "\\Q^a.b\\E", $options: 1 } }),
  () => JSON.stringify({ $where: "while(true){}" }),
  () => JSON.stringify({ name: { $gt: null, $lt: [], $ne: {}, $exists: "x" } }),
  () => JSON.stringify({ "": 1, ".": 2, "attr.": 3, ".attr": 4, "attr..a": 5 }),
  () => JSON.stringify({ 'attr."\\u0000': 1, "attr.']": 2, "attr.$[0]": 3, "attr.#": 4 }),
  () => JSON.stringify({ objectId: { $in: ["x", "", "../x", 1, null] } }),
  () => JSON.stringify({ objectId: { $nin: [] }, unique: 7, sys: "yes", tr: null, temp: {} }),
  () => date("garbage"),
  () => date("+275760-09-13T00:00:00.001Z"),
  () => date(null),
  () => JSON.stringify({ createdAt: { $lt: -1e308 }, updatedAt: { __type: "Date" } }),
  () => JSON.stringify({ name: 7 }),
  () => JSON.stringify({ name: "x".repeat(300) }),
  () => JSON.stringify({ name: "x".repeat(60_000) }),
  () => JSON.stringify({ attr: "text" }),
  () => JSON.stringify({ attr: { a: "x".repeat(32_000) } }),
  () => JSON.stringify({ "attr.a": { __op: "Increment", amount: 1e308 } }),
  () => JSON.stringify({ "attr.a": { __op: "Increment", amount: "1" } }),
  () => JSON.stringify({ "attr.b": { __op: "Add", objects: [1, "a", null, {}] } }),
  () => JSON.stringify({ "attr.b": { __op: "Remove" }, "attr.a": { __op: "Delete" } }),
  () => JSON.stringify({ "attr.b": { __op: "Explode" }, "attr.c": { __op: 1 } }),
  () => JSON.stringify({ "attr.d.e.f.g.h.i.j.k.l.m.n.o.p.q": 1 }),
  () => JSON.stringify({ [`attr${".a".repeat(20)}`]: 1 }),
  () => JSON.stringify({ m: ["tuffy"], objectId: "x", c: 1, ACL: {}, createdAt: 0, conv_type: -1 }),
];

export function absurdJson(random: Random): string {
  return random.pick(documents)();
}
