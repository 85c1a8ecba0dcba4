import fc from "fast-check";
import { expect, test } from "vitest";
import { piecesOf } from "../../../src/http/pieces.ts";
import type { Json } from "../../../src/model/json.ts";
import { readAsWritten } from "../../../src/protocol/written-number.ts";

const json = fc.json().map((text): Json => JSON.parse(text));

test("[I13] the pieces of a response add up to its JSON", () => {
  fc.assert(
    fc.property(json, fc.integer({ min: 1, max: 40 }), (value, length) => {
      expect([...piecesOf(value, length)].join("")).toBe(JSON.stringify(value));
    }),
  );
});

test("a row stays in one piece, and a long response has many pieces", () => {
  const results = Array.from({ length: 100 }, (_, n) => ({ n, text: "x".repeat(100) }));
  const pieces = [...piecesOf({ results, count: 100 }, 1_000)];
  expect(pieces.length).toBeGreaterThan(10);
  for (const piece of pieces) expect(piece.length).toBeLessThan(1_200);
});

test("numbers stay as they were written", () => {
  const text = '{"results":[{"a":{"b":{"c":1.0}}},9007199254740993]}';
  expect([...piecesOf(readAsWritten<Json>(text))].join("")).toBe(text);
});
