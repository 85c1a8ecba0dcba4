/* Texts as vendors accept them: cleaned, and cut to the vendor's limit at a whole character. */

/** What one character of a text counts at a vendor. */
export type Measure = (character: string) => number;

/** Every code point counts 1. */
export const codePoints: Measure = (character) => [...character].length;
/** As Java counts: an emoji counts 2 or more. */
export const utf16Units: Measure = (character) => character.length;
export const utf8Bytes: Measure = (character) => new TextEncoder().encode(character).length;
/** Latin letters and digits count 1, everything else 2 for each code point. */
export const chineseAsTwo: Measure = (character) =>
  [...character].reduce((sum, each) => sum + ((each.codePointAt(0) ?? 0) < 0x100 ? 1 : 2), 0);

/** What people see as one character: an emoji of several code points, or a letter with its marks. */
const characters = new Intl.Segmenter("zh", { granularity: "grapheme" });

const BLANKS = /[\s\p{Cc}\u2028\u2029]+/gu;

/** A text on one line: every run of blanks and control characters is one space, and none is at its ends. */
export function cleaned(text: string): string {
  return text.toWellFormed().replace(BLANKS, " ").trim();
}

/** The longest beginning of a text that counts at most `most`, of whole characters. */
export function cut(text: string, most: number, measure: Measure): string {
  let length = 0;
  for (const { segment, index } of characters.segment(text)) {
    length += measure(segment);
    if (length > most) return text.slice(0, index).trimEnd();
  }
  return text;
}
