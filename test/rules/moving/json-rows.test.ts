import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonRows, rowsOfText } from "../../../scripts/moving/json-rows.ts";

/** Rows of JSON documents that come in pieces, as an old export of LeanCloud's is one. */

/** The rows of a text that comes in pieces of these lengths, over and over. */
function inPieces(text: string, lengths: number[]): { rows: string[]; isWhole: boolean } {
  const bytes = Buffer.from(text);
  const document = new JsonRows();
  const rows: string[] = [];
  for (let [at, piece] = [0, 0]; at < bytes.length; piece++) {
    const end = at + (lengths[piece % lengths.length] ?? 1);
    rows.push(...document.push(bytes.subarray(at, end)));
    at = end;
  }
  return { rows, isWhole: document.isWhole };
}

const parse = (rows: string[]) => rows.map((row): unknown => JSON.parse(row));
const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });

test("the rows of any document are found, wherever it is cut into pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), lengths, fc.boolean(), fc.nat(3), (rows, cuts, isList, indent) => {
      const document = isList ? rows : { before: [["results"], { results: [1] }], results: rows, after: [2] };
      const found = inPieces(JSON.stringify(document, null, indent), cuts);
      expect(parse(found.rows)).toEqual(JSON.parse(JSON.stringify(rows)));
      expect(found.isWhole).toBe(true);
      expect(found.rows.every((row) => !/[\r\n]/.test(row))).toBe(true);
    }),
  );
});

test("a document that ends in the middle gives its whole rows, and is known", () => {
  const whole = JSON.stringify({ results: [{ a: "}]" }, { b: [1, 2] }, { c: 3 }] });
  for (let end = 0; end < whole.length - 2; end++) {
    const { rows, isWhole } = inPieces(whole.slice(0, end), [7]);
    expect(isWhole).toBe(false);
    expect(rows.every((row) => typeof JSON.parse(row) === "object")).toBe(true);
  }
});

describe("rows are as they were written", () => {
  test.each([
    '{"n":1.0,"big":9007199254740993,"e":1E5}',
    '{"\\u0061":"\\ud83d","b":"  , ] "}',
    "null",
    "-0.0",
  ])("%s", (row) => {
    expect(rowsOfText(`{"results":[${row}]}`)).toEqual([row]);
  });
});

test("a text without rows has none", () => {
  expect(rowsOfText('{"results":{"results":[1]}}')).toEqual([]);
  expect(rowsOfText('{"code":1,"error":"results"}')).toEqual([]);
  expect(rowsOfText("<html>[1]</html>").length).toBeLessThan(2);
});
