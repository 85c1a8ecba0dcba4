import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WordList } from "../../../src/moderation/word-list.ts";

/** The text as it leaves the filter. */
const masked = (text: string, ...words: string[]) => new WordList(words).mask(text) ?? text;

describe("[X-31] a word becomes ***", () => {
  test.each([
    ["Tom stole the cheese", ["cheese"], "Tom stole the ***"],
    ["cheese, cheese and cheese", ["cheese"], "***, *** and ***"],
    ["cheesecake", ["cheese"], "***cake"],
    ["blue cheese", ["blue cheese"], "***"],
    ["汤姆偷了奶酪。", ["奶酪"], "汤姆偷了***。"],
    ["nothing here", ["cheese"], "nothing here"],
    ["", ["cheese"], ""],
    ["cheese", [], "cheese"],
  ])("[X-31] %j without %j becomes %j", (text, words, expected) => {
    expect(masked(text, ...words)).toBe(expected);
  });

  test("a text without any word is distinguished from a text that stays the same", () => {
    expect(new WordList(["cheese"]).mask("milk")).toBeUndefined();
  });
});

describe("[X-31] one *** for several words", () => {
  test.each([
    ["overlap", "xabcdx", ["abc", "bcd"], "x***x"],
    ["lie in one another", "xabcdx", ["abcd", "bc", "c"], "x***x"],
    ["touch", "xabcdx", ["ab", "cd"], "x***x"],
    ["repeat", "aaaaaaa", ["aa"], "***"],
    ["reach across ones found before", "xabcdex", ["b", "d", "abcde"], "x***x"],
  ])("[X-31] one *** stands for all words that %s", (_, text, words, expected) => {
    expect(masked(text, ...words)).toBe(expected);
  });

  test("[X-31] two words with anything between them become two ***", () => {
    expect(masked("ab cd", "ab", "cd")).toBe("*** ***");
  });
});

describe("[X-31] a word is found", () => {
  test.each([
    ["in another case", "CHEESE Cheese", "cheese", "*** ***"],
    ["written in capitals", "cheese", "CHEESE", "***"],
    ["in full width", "a ｃｈｅｅｓｅ b", "cheese", "a *** b"],
    ["in half width", "a ﾁｰｽﾞ b", "チーズ", "a *** b"],
    ["with a ligature", "an oﬃce", "office", "an ***"],
    ["with ß for ss", "STRASSE Straße STRAẞE", "straße", "*** *** ***"],
    ["with either sigma", "ΤΥΡΟΣ τυρος τυροσ", "τυρος", "*** *** ***"],
    ["with any Turkish i", "PEYNİR PEYNIR peynir peynır", "peynir", "*** *** *** ***"],
    ["with marks of their own", "une cre\u0300me bru\u0302le\u0301e", "crème brûlée", "une ***"],
    ["of marks of their own", "une crème", "cre\u0300me", "une ***"],
    ["in Korean taken apart", `${"치즈".normalize("NFD")}!`, "치즈", "***!"],
    ["of lone Korean letters among others", "ㅋㅊㅈㅋ", "ㅊㅈ", "ㅋ***ㅋ"],
    ["outside the basic plane", "😀🧀😀", "🧀", "😀***😀"],
    ["in capitals outside the basic plane", "😀𐐀𐐁😀", "𐐨𐐩", "😀***😀"],
  ])("[X-31] a word is found %s", (_, text, word, expected) => {
    expect(masked(text, word)).toBe(expected);
  });

  test("[X-31] a word is replaced exactly where it is, whatever around it folds to more or less characters", () => {
    expect(masked("İﬃ㍿😀e\u0301 cheese ßİ㍿", "cheese")).toBe("İﬃ㍿😀e\u0301 *** ßİ㍿");
  });

  test("[X-31] a word in part of a letter that folds to several replaces the whole letter", () => {
    expect(masked("an oﬃce", "off")).toBe("an ***ce");
    expect(masked("1㍿2", "会")).toBe("1***2");
  });
});

describe("[X-31] a word is not found", () => {
  test.each([
    ["in a letter that has a mark more", "cafe\u0301", "cafe"],
    ["in the first half of a joined emoji", "👨‍👩‍👧", "👨"],
  ])("[X-31] a word is not found %s", (_, text, word) => {
    expect(masked(text, word)).toBe(text);
  });
});

test("[X-31] any words in any text are found as by a search at each place for each word", () => {
  const letters = [
    "a",
    "A",
    "ａ",
    "b",
    "f",
    "ﬃ",
    "i",
    "İ",
    "ı",
    "s",
    "ß",
    "é",
    "e\u0301",
    "e",
    "ㅅ",
    "中",
    "🧀",
  ];
  const text = (length: { maxLength: number; minLength?: number }) =>
    fc.array(fc.constantFrom(...letters), length).map((parts) => parts.join(""));
  const lists = fc.array(text({ minLength: 1, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(text({ maxLength: 30 }), lists, (said, words) => {
      expect(masked(said, ...words)).toBe(slowly(said, words));
    }),
    { numRuns: 2_000 },
  );
});

/** What the letters above fold to, by hand. */
const FOLDED: Record<string, string> = {
  A: "a",
  ａ: "a",
  ﬃ: "ffi",
  İ: "i",
  ı: "i",
  ß: "ss",
  "e\u0301": "é",
};

/** Looks at each place for each word. */
function slowly(said: string, words: string[]): string {
  const parts = said.match(/\P{M}\p{M}*/gu) ?? [];
  const foldOf = (text: string) => (text.match(/\P{M}\p{M}*/gu) ?? []).map((part) => FOLDED[part] ?? part);
  const folded = foldOf(said);
  const whole = folded.join("");
  /** For each unit of the folded text, which part it came from. */
  const owner = folded.flatMap((part, index) => Array.from({ length: part.length }, () => index));
  const hit = new Set<number>();
  for (const word of words.map((each) => foldOf(each).join(""))) {
    for (let at = whole.indexOf(word); at >= 0; at = whole.indexOf(word, at + 1)) {
      for (let unit = at; unit < at + word.length; unit++) hit.add(owner[unit] ?? -1);
    }
  }
  return parts
    .map((part, index) => (hit.has(index) ? "\0" : part))
    .join("")
    .replace(/\0+/g, "***");
}
