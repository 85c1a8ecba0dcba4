import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "../../../scripts/moving/lines.ts";

/** Lines of a text that comes in pieces. */

async function linesIn(pieces: Uint8Array[]): Promise<string[]> {
  const stream = async function* () {
    yield* pieces;
  };
  const lines: string[] = [];
  for await (const line of linesOf(stream())) lines.push(line.toString());
  return lines;
}

const line = fc.string({ unit: fc.constantFrom("a", "é", "🧀", "\u2028", "\u0085", " ", "\t", '"') });

test("a text's lines are found, wherever it is cut, and only at line feeds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1 }),
      fc.constantFrom("\n", "\r\n"),
      fc.integer({ min: 1, max: 9 }),
      async (lines, end, size) => {
        const bytes = Buffer.from(lines.map((each) => each + end).join(""));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        expect(await linesIn(pieces)).toEqual(lines);
      },
    ),
  );
});

test("the last line needs no end", async () => {
  expect(await linesIn([Buffer.from("one\ntw"), Buffer.from("o")])).toEqual(["one", "two"]);
  expect(await linesIn([])).toEqual([]);
});
