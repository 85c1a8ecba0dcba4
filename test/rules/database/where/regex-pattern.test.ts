import { describe, expect, test } from "vitest";
import { type Pattern, parseRegex } from "../../../../src/database/where/regex-pattern.ts";

const literal = (place: "anywhere" | "start" | "end" | "whole", text: string): Pattern => ({
  type: "literal",
  place,
  text,
});

describe("fixed text at a fixed place is left to SQL", () => {
  test.each<[string, string, Pattern]>([
    ["abc", "", literal("anywhere", "abc")],
    ["", "", literal("anywhere", "")],
    [".*", "", literal("anywhere", "")],
    ["\\Qa.b*c\\E", "", literal("anywhere", "a.b*c")],
    [".*\\Qa.b\\E.*", "", literal("anywhere", "a.b")],
    ["^\\Qx\\E", "", literal("start", "x")],
    ["^\\Qx\\E.*", "", literal("start", "x")],
    ["^x.*", "s", literal("start", "x")],
    ["\\Qx\\E$", "", literal("end", "x")],
    [".*\\Qx\\E$", "", literal("end", "x")],
    ["^x$", "", literal("whole", "x")],
    ["\\Qnot closed", "", literal("anywhere", "not closed")],
    ["\\Qa\\E\\\\E\\Qb\\E", "", literal("anywhere", "a\\Eb")],
    ["\\Qa\\b\\E", "", literal("anywhere", "a\\b")],
    ["a\\.b\\-\\/c", "", literal("anywhere", "a.b-/c")],
    ["\\Qa/b-c\\E", "", literal("anywhere", "a/b-c")],
    ["a/b", "", literal("anywhere", "a/b")],
    ["群聊 🎉", "i", literal("anywhere", "群聊 🎉")],
    ["abc", "m", literal("anywhere", "abc")],
  ])("the pattern %j with options %j is fixed text, left to SQL", (source, options, expected) => {
    expect(parseRegex(source, options)).toEqual(expected);
  });
});

describe("a pattern that is not fixed text is run by RE2", () => {
  test.each<[string, string, string[], string[]]>([
    ["abc", "i", ["xABCx"], ["ab"]],
    ["^b", "m", ["a\nb"], ["ab"]],
    ["a$", "m", ["a\nb"], ["ab"]],
    ["^(a|b)+$", "", ["abba", "a"], ["abc", ""]],
    ["^\\QB.\\E[0-9]$", "i", ["b.5"], ["bx5"]],
    ["^\\Qa/b\\E\\d", "", ["a/b1"], ["a\\/b1"]],
    ["^\\Q\\u0041\\E\\d", "", ["\\u00411"], ["A1"]],
    ["^\\u4e00\\d", "", ["一1"], ["u4e001"]],
    ["a.c", "", ["abc"], ["a\nc"]],
    ["a.c", "s", ["a\nc"], ["ac"]],
    ["^.*b", "", ["aab"], ["a\nb"]],
    ["b.*$", "", ["aab"], ["a"]],
    ["ab*", "", ["a", "xabb"], ["b"]],
    ["a\\\\+b", "", ["a\\\\b"], ["ab"]],
    ["(?<word>x+)y", "", ["xxy"], ["y"]],
    ["[\\Qa-c\\E]z", "", ["az", "-z", "cz"], ["bz"]],
    ["x{2}", "", ["xx"], ["x{2}"]],
    ["(?i)é", "", ["É"], ["e"]],
  ])("the pattern %j with options %j is run by RE2", (source, options, matching, others) => {
    const pattern = parseRegex(source, options);
    if (typeof pattern === "string" || pattern.type !== "general") throw new Error(JSON.stringify(pattern));
    expect(matching.filter((text) => !pattern.matches(text))).toEqual([]);
    expect(others.filter((text) => pattern.matches(text))).toEqual([]);
  });
});

describe("a pattern that cannot be used has a reason", () => {
  test.each([
    ["(", "", "malformed"],
    ["a(?!b)", "", "malformed"],
    ["(a)\\1", "", "malformed"],
    ["a{1001}", "", "malformed"],
    ["\\", "", "malformed"],
    ["a", "x", "$options"],
    ["a".repeat(513), "", "longer"],
    ["(\\pL{1000})".repeat(40), "", "complicated"],
  ])("the pattern %j with options %j is refused with a reason", (source, options, reason) => {
    expect(parseRegex(source, options)).toContain(reason);
  });
});
