import { describe, expect, test } from "vitest";
import { BUCKETS, bucketOf, rangesOf, rangesOfAll } from "../../../../src/database/messages/buckets.ts";

const NOW = Date.UTC(2026, 10, 29);
const WEEK = 2 ** 29;
/** Ids of one kind: 40 for each bucket. */
const COUNT = 40 * BUCKETS;

const hex = (value: number, length: number) => Math.trunc(value).toString(16).padStart(length, "0");
const mixed = (serial: number) => Math.imul(serial ^ 0x5bd1e995, 0x9e3779b1) >>> 0;

const kinds: [string, (serial: number) => string][] = [
  [
    "ObjectIds",
    (serial) => `${hex(0x65f00000 + serial * 37, 8)}a1b2c3d4e5${hex((0x123456 + serial) & 0xffffff, 6)}`,
  ],
  ["decimal numbers", (serial) => String(serial)],
  ["large decimal numbers", (serial) => String(10_000_000_000 + serial * 1_000)],
  [
    "UUIDs",
    (serial) =>
      `${hex(mixed(serial), 8)}-5f1a-4c2b-9d3e-${hex(mixed(serial + COUNT), 8)}${hex(serial & 0xffff, 4)}`,
  ],
  ["e-mail addresses of one domain", (serial) => `customer-${serial}@mail.example.com`],
  ["ids user-<n>", (serial) => `user-${serial}`],
  ["phone numbers", (serial) => `+8613${String(800_000_000 + serial * 7)}`],
  ["ids with a long common beginning", (serial) => `the-tenant-of-a-very-long-name/people/${serial}`],
  [
    "ids with a long common end",
    (serial) => `${String(serial).padStart(6, "0")}/people/the-tenant-of-a-very-long-name`,
  ],
  ["ids of other scripts", (serial) => `用户${String.fromCodePoint(0x4e00 + serial)}😀`],
];

describe("the buckets of messages", () => {
  test.each(kinds)("%s spread evenly over the buckets, in every week", (_, idOf) => {
    for (const week of [0, 1, 2, 52]) {
      const counts = new Array<number>(BUCKETS).fill(0);
      for (let serial = 0; serial < COUNT; serial++) {
        const bucket = bucketOf(idOf(serial), NOW + week * WEEK);
        counts[bucket] = (counts[bucket] ?? 0) + 1;
      }
      // By chance alone, the fullest of them would have some 60 to 65.
      expect(Math.max(...counts)).toBeLessThan(90);
      expect(Math.min(...counts)).toBeGreaterThan(5);
    }
  });

  test.each(kinds)("of %s that share a bucket with one, few share one with it in another week", (_, idOf) => {
    const shares = (serial: number, at: number) => bucketOf(idOf(serial), at) === bucketOf(idOf(77), at);
    const serials = Array.from({ length: COUNT }, (_, serial) => serial).filter((serial) => serial !== 77);
    const before = serials.filter((serial) => shares(serial, NOW));
    expect(before.length).toBeGreaterThan(5);
    expect(before.filter((serial) => shares(serial, NOW + 5 * WEEK)).length).toBeLessThan(5);
  });

  test("a message's bucket never changes from version to version", () => {
    const ids = ["5f1a2b3c4d5e6f7081920a1b", "tom", "群聊", "😀", ""];
    expect(ids.map((id) => bucketOf(id, NOW))).toEqual([207, 509, 292, 180, 140]);
    expect(ids.map((id) => bucketOf(id, 0))).toEqual([111, 440, 85, 41, 1]);
  });

  test("half a surrogate pair counts as the character that databases store for it", () => {
    for (const half of ["\ud83d", "\ude00"])
      expect(bucketOf(`tom${half}`, NOW)).toBe(bucketOf("tom\ufffd", NOW));
  });

  test("characters beyond those of a client's id do not count", () => {
    const longest = "x".repeat(64);
    expect(bucketOf(`${longest}y`, NOW)).toBe(bucketOf(longest, NOW));
    expect(bucketOf("😀".repeat(63), NOW)).not.toBe(bucketOf("😀".repeat(64), NOW));
  });
});

describe("the ranges of a client's messages", () => {
  test("every message of a client between two times is in one of the ranges, and in its bucket", () => {
    const [first, last] = [NOW - 10 * WEEK - 7, NOW + 3];
    const ranges = rangesOf("tom", first, last);
    expect(ranges.length).toBeLessThanOrEqual(12);
    for (const at of [first, last, NOW, NOW - WEEK, Math.ceil(NOW / WEEK) * WEEK - WEEK]) {
      const found = ranges.filter(([, from, to]) => at >= from && at <= to);
      expect(found.map(([bucket]) => bucket)).toEqual([bucketOf("tom", at)]);
    }
    expect(ranges.filter(([, from, to]) => from > last || to < first || from > to)).toEqual([]);
  });

  test("times in the wrong order have no ranges, and centuries are searched as a whole", () => {
    expect(rangesOf("tom", NOW, NOW - WEEK)).toEqual([]);
    expect(rangesOf("tom", 0, Number.MAX_SAFE_INTEGER)).toEqual(rangesOfAll(0, Number.MAX_SAFE_INTEGER));
  });
});
