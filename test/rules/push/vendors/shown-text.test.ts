import { describe, expect, test } from "vitest";
import {
  chineseAsTwo,
  cleaned,
  codePoints,
  cut,
  type Measure,
  utf8Bytes,
  utf16Units,
} from "../../../../src/push/vendors/shown-text.ts";

const family = "👨‍👩‍👧";
const accented = "e\u0301";

describe("a text for a vendor", () => {
  test.each<[string, string]>([
    ["  Tom \n\n says:\tCheese! ", "Tom says: Cheese!"],
    ["a\u0000b\u2028c\u3000d", "a b c d"],
    [" \n ", ""],
    ["\u200b \u200d\ufeff\u{e0061}", ""],
    [`half ${family.slice(0, 1)}`, "half \ufffd"],
    [`${family}${accented}`, `${family}${accented}`],
  ])("the text %j becomes one line: %j", (text, line) => {
    expect(cleaned(text)).toBe(line);
  });

  test.each<[string, Measure, string, number, string]>([
    ["code points", codePoints, "奶酪很好吃", 3, "奶酪很"],
    ["code points", codePoints, "cheese", 6, "cheese"],
    ["code points", codePoints, `a${family}b`, 5, "a"],
    ["code points", codePoints, `a${family}b`, 6, `a${family}`],
    ["code points", codePoints, `caf${accented}s`, 4, "caf"],
    ["UTF-16 units", utf16Units, "a😀b", 2, "a"],
    ["UTF-16 units", utf16Units, "a😀b", 3, "a😀"],
    ["Chinese as two", chineseAsTwo, "ab奶酪", 5, "ab奶"],
    ["bytes", utf8Bytes, "ab奶酪", 7, "ab奶"],
    ["bytes", utf8Bytes, "🇨🇳🇨🇳", 15, "🇨🇳"],
    ["code points", codePoints, "one two", 4, "one"],
    ["code points", codePoints, "cheese", 0, ""],
  ])("a text cut by %s never ends in half a character: %#", (_, measure, text, most, short) => {
    expect(cut(text, most, measure)).toBe(short);
  });

  test.each<[string, string, Measure, number, string]>([
    ["a letter with many marks", `a${"\u0301".repeat(60)}`, utf16Units, 50, `a${"\u0301".repeat(49)}`],
    ["a chain of many faces", "👩\u200d".repeat(60), utf16Units, 4, "👩\u200d"],
    [
      "a chain of many faces, counted in bytes",
      "👩\u200d".repeat(600),
      utf8Bytes,
      512,
      "👩\u200d".repeat(73),
    ],
  ])(
    "something of a text is left although its first character is too long: %s",
    (_, text, measure, most, short) => {
      expect(cut(text, most, measure)).toBe(short);
    },
  );

  test("a long text is cut without reading all of it", () => {
    let measured = 0;
    const counted: Measure = (character) => {
      measured += 1;
      return codePoints(character);
    };
    expect(cut("奶".repeat(30_000), 50, counted)).toHaveLength(50);
    expect(measured).toBe(51);
  });
});
