import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson, tokensOf } from "../../../console/ui/json.ts";

test("coloured JSON is, put together, the JSON", () => {
  void fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value, null, 2);
      expect(
        tokensOf(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }),
  );
});

test("coloured JSON tells keys from texts, numbers and words", () => {
  expect(tokensOf('{"a": "b: c", "d": -1.5e3, "e": null}').filter(({ kind }) => kind !== "other")).toEqual([
    { kind: "key", text: '"a"' },
    { kind: "string", text: '"b: c"' },
    { kind: "key", text: '"d"' },
    { kind: "number", text: "-1.5e3" },
    { kind: "key", text: '"e"' },
    { kind: "word", text: "null" },
  ]);
});

test("JSON that nests without end is no JSON, and brackets in texts do not count", () => {
  for (const depth of [65, 16_000]) {
    const text = `{"_lctype":9,"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(parseJson(text)).toEqual({ isJson: false, problem: "nested deeper than 64 levels" });
  }
  const brackets = JSON.stringify({ a: '[{"'.repeat(1_000), b: [[[{}]]] });
  expect(parseJson(brackets)).toMatchObject({ isJson: true });
  expect(parseJson(`"${"[".repeat(32_000)}`)).toMatchObject({ isJson: false });
});
