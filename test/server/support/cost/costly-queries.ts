import type { Random } from "../random.ts";
import type { Heavy } from "./heavy-data.ts";

/** Conditions and orders that make a query look at as much as it may. */

const FIELDS = [
  "attr.list",
  "attr.text",
  "attr.level",
  "attr.deep.a.b.c.d",
  "attr.deep.a.b.c.words",
  "tag",
  "n",
  "mu",
  "name",
];

const words = (random: Random, count: number) =>
  Array.from({ length: count }, () => `w${random.below(5_000)}`);

const PATTERNS = ["(ab)+c$", "^(a|b)*c", "a.*b.*a.*c", "(?:a?b?){30}c", "w4.*9$", "^ab", "room 1\\d"];

const DEEPEST = 3;

function someTest(random: Random): unknown {
  return random.pick([
    () => ({ $in: words(random, random.pick([3, 100, 1_000])) }),
    () => ({ $nin: words(random, random.pick([3, 100, 1_000])) }),
    () => ({ $all: words(random, random.pick([2, 20, 1_000])) }),
    () => ({ $regex: random.pick(PATTERNS), $options: random.pick(["", "i", "m"]) }),
    () => ({ $exists: random.chance(0.5) }),
    () => ({ $size: random.below(200) }),
    () => ({ $ne: `w${random.below(5_000)}` }),
    () => ({ $gt: random.below(100) }),
    () => ({ $gte: "ab", $lt: "b" }),
    () => ({ $ne: words(random, 500) }),
    () => ({ __type: "Date", iso: "2026-11-28T00:00:00.000Z" }),
    () => ({ a: { b: words(random, 100) } }),
    () => random.below(100),
    () => "w1",
  ])();
}

function someCondition(random: Random, heavy: Heavy, me: string, depth: number): Record<string, unknown> {
  if (depth < DEEPEST && random.chance(0.35)) {
    const parts = Array.from({ length: 1 + random.below(6) }, () =>
      someCondition(random, heavy, me, depth + 1),
    );
    return { [random.pick(["$or", "$and", "$or"])]: parts };
  }
  if (random.chance(0.3)) {
    return random.pick([
      () => ({ m: me }),
      () => ({ m: { $all: [me, "popular"] } }),
      () => ({ m: { $in: [me, ...words(random, 900)] } }),
      () => ({ m: { $size: 5 } }),
      () => ({ name: { $in: Array.from({ length: 300 }, (_, at) => `room ${at}`) } }),
      () => ({ objectId: { $gt: "c" } }),
      () => ({ lm: { $gt: { __type: "Date", iso: "2020-01-01T00:00:00.000Z" } } }),
      () => ({ unique: false }),
      () => ({ tr: true }),
    ])();
  }
  return { [random.pick(FIELDS)]: someTest(random) };
}

export function someWhere(random: Random, heavy: Heavy, me: string): Record<string, unknown> {
  // Most that have more in them are refused, and cost the estimate alone.
  const isSimple = random.chance(0.5);
  const own = random.chance(0.6) ? { m: me } : {};
  const count = isSimple ? 1 : 1 + random.below(4);
  const depth = isSimple ? DEEPEST : 0;
  const conditions = Array.from({ length: count }, () => someCondition(random, heavy, me, depth));
  return Object.assign({}, own, ...conditions);
}

const ORDERS = [
  "-lm",
  "attr.text",
  "-attr.level,attr.text",
  "attr.list",
  "attr.deep.a.b.c.words,-attr.deep.a",
  "tag,n",
  "-createdAt,name,attr.level",
];

export const someOrder = (random: Random): string => (random.chance(0.5) ? "-lm" : random.pick(ORDERS));
