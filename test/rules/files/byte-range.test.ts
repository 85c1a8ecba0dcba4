import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rangeOf } from "../../../src/files/byte-range.ts";

const part = (offset: number, length: number) => ({ kind: "part", offset, length });

describe("a range of a file of 100 bytes", () => {
  test.each([
    ["bytes=0-0", part(0, 1)],
    ["bytes=0-", part(0, 100)],
    ["bytes=10-19", part(10, 10)],
    ["bytes=99-", part(99, 1)],
    ["bytes=90-1000", part(90, 10)],
    ["bytes=-1", part(99, 1)],
    ["bytes=-100", part(0, 100)],
    ["bytes=-1000", part(0, 100)],
    ["Bytes = 5 - 6", part(5, 2)],
    ["bytes=0-99999999999999999999999999", part(0, 100)],
  ])("%s is served", (header, expected) => {
    expect(rangeOf(header, 100)).toEqual(expected);
  });

  test.each(["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999999-"])(
    "%s lies outside",
    (header) => {
      expect(rangeOf(header, 100)).toEqual({ kind: "outside" });
    },
  );

  test.each([
    null,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5-4",
    "bytes=a-b",
    "bytes=1-2,4-5",
    "bytes=0-0,-1",
    "lines=1-2",
    "bytes=1.5-2",
    "bytes=--5",
    "bytes=+1-2",
    "bytes=1-2-3",
    "bytes=0x1-0x2",
  ])("%j is answered with the whole file", (header) => {
    expect(rangeOf(header, 100)).toEqual({ kind: "whole" });
  });

  test("any range of an empty file is answered with the whole file", () => {
    for (const header of ["bytes=0-", "bytes=-1", "bytes=5-6"])
      expect(rangeOf(header, 0)).toEqual({ kind: "whole" });
  });

  test("whatever is asked for, a part lies inside the file", () => {
    const header = fc.oneof(
      fc
        .tuple(fc.bigInt({ min: 0n, max: 2n ** 80n }), fc.bigInt({ min: 0n, max: 2n ** 80n }))
        .map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((n) => `bytes=-${n}`),
      fc.string({ maxLength: 20 }).map((text) => `bytes=${text}`),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(header, fc.nat(2_000), (text, size) => {
        const range = rangeOf(text, size);
        if (range.kind !== "part") return;
        expect(range.offset).toBeGreaterThanOrEqual(0);
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
      { numRuns: 500 },
    );
  });

  test("a header of a megabyte takes no time", () => {
    const start = performance.now();
    for (const text of [
      " ".repeat(1e6),
      `bytes=${"1".repeat(1e6)}`,
      `bytes${" ".repeat(1e6)}x`,
      `bytes=1${" ".repeat(1e6)}x`,
    ])
      rangeOf(text, 100);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
