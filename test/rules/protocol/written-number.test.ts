import { describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { setPath } from "../../../src/protocol/field-operations.ts";
import { parseAsWritten } from "../../../src/protocol/json-text.ts";
import { numberOf, readAsWritten } from "../../../src/protocol/written-number.ts";

/* Numbers that are passed on as they were written, whatever JavaScript makes of them. */

const NUMBERS = [
  ...["1.0", "1.50", "-0", "-0.0", "1e5", "1E-7", "0.1234567890123456789", "9007199254740993"],
  ...[
    "1234567890123456789",
    "-9223372036854775808",
    "18446744073709551615",
    "123456789012345678901234567890",
  ],
];

function read(text: string): Json {
  const parsed = parseAsWritten(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed.value;
}

describe("numbers as they were written", () => {
  test.each(NUMBERS)(
    "the number %s is written as it was read, also after a copy between objects",
    (number) => {
      const text = `{"a":[${number},{"b":${number}}],"c":"${number}","d":1}`;
      expect(JSON.stringify(read(text))).toBe(text);
      expect(JSON.stringify(structuredClone(read(text)))).toBe(text);
      expect(JSON.stringify(readAsWritten(text))).toBe(text);
      expect(numberOf(read(number))).toBe(Number(number));
    },
  );

  test.each(["1", "-7", "0.5", "3.14", "1700000000000", "9007199254740991", '"1.0"', "true", "null"])(
    "the number %s stays a JavaScript number",
    (text) => {
      expect(read(text)).toBe(JSON.parse(text));
    },
  );

  test("numbers beyond all numbers are refused, and so are too many long ones", () => {
    expect(parseAsWritten("[1e999]")).toEqual({ problem: "number out of range" });
    expect(parseAsWritten(`[${"1.0,".repeat(20_000)}1]`)).toEqual({
      problem: "too many fractions and large numbers",
    });
    expect(JSON.stringify(read(`[${"1.0,".repeat(9_000)}1]`))).toMatch(/^\[1\.0,/);
  });

  test.each([
    ["9007199254740993", "2", "9007199254740995"],
    ["9007199254740991", "1", "9007199254740992"],
    ["1234567890123456789", "-1234567890123456788", "1"],
    ["1", "1", "2"],
    ["1.0", "1", "2"],
    ["0.5", "1.0", "1.5"],
  ])("the number %s incremented by %s is %s", (current, amount, sum) => {
    const outcome = setPath({ n: read(current) }, ["n"], { __op: "Increment", amount: read(amount) });
    expect(outcome).not.toBeTypeOf("string");
    expect(JSON.stringify(outcome)).toBe(`{"value":${sum}}`);
  });

  test("large numbers in lists differ from each other", () => {
    const list = read('{"n":[9007199254740993,1.0]}');
    if (typeof list !== "object" || list === null || Array.isArray(list) || list instanceof String) return;
    setPath(list, ["n"], { __op: "AddUnique", objects: read("[9007199254740992,9007199254740993]") });
    expect(JSON.stringify(list)).toBe('{"n":[9007199254740993,1.0,9007199254740992]}');
    setPath(list, ["n"], { __op: "Remove", objects: read("[9007199254740993]") });
    expect(JSON.stringify(list)).toBe('{"n":[1.0,9007199254740992]}');
    expect(setPath(list, ["n", "0"], 1)).toBeTypeOf("string");
  });
});
