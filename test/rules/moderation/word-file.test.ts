import { describe, expect, test } from "vitest";
import { readWordFile } from "../../../src/moderation/word-file.ts";

const read = (text: string) => readWordFile(new TextEncoder().encode(text));

describe("[X-33] a word list is a text with a word on each line", () => {
  test.each([
    ["in any system's line ends", "cheese\nmilk\r\nham\regg\n", ["cheese", "milk", "ham", "egg"]],
    ["without a last line end", "cheese", ["cheese"]],
    ["after a byte order mark", "\uFEFFcheese", ["cheese"]],
    [
      "without blank lines, and spaces around",
      "\n  cheese \t\n\u3000\n blue cheese\n",
      ["cheese", "blue cheese"],
    ],
    ["each once", "cheese\nmilk\ncheese \n", ["cheese", "milk"]],
    ["of 64 characters, whatever they take", `${"🧀".repeat(64)}`, ["🧀".repeat(64)]],
  ])("[X-33] words of a list are read %s", (_, text, words) => {
    expect(read(text)).toEqual({ words });
  });

  test("[X-33] a word list has up to 10,000 words", () => {
    const words = Array.from({ length: 10_000 }, (_, index) => `word ${index}`);
    expect(read([...words, ...words].join("\n"))).toEqual({ words });
    expect(read([...words, "one more"].join("\n"))).toEqual({ problem: "must have at most 10000 words" });
  });
});

describe("[X-33] a word list that is refused", () => {
  test.each([
    ["without a word", " \n\n", "must have a word on at least one line; DELETE removes a list"],
    ["with a word too long", `cheese\n${"x".repeat(65)}`, "line 2: must be at most 64 characters"],
    ["with control characters", "cheese\r\nmi\0lk", "line 2: must be without control characters"],
  ])("[X-33] a word list %s is refused", (_, text, problem) => {
    expect(read(text)).toEqual({ problem });
  });

  test("[X-33] a word list that is not UTF-8 is refused", () => {
    expect(readWordFile(new Uint8Array([0x63, 0xe9, 0x0a]))).toEqual({
      problem: "must be a text in UTF-8",
    });
  });
});
