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

/** Characters without a shape: a text of these alone shows nothing, and a vendor may take it for an empty one. */
const INVISIBLE = /[\s\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * A text on one line: every run of blanks and control characters is one space, and none is at its ends. Empty if
 * nothing of it is visible.
 */
export function cleaned(text: string): string {
  const line = text.toWellFormed().replace(BLANKS, " ").trim();
  return line.replace(INVISIBLE, "") === "" ? "" : line;
}

/**
 * The longest beginning of a text that counts at most `most`, of whole characters. A first character that counts more,
 * such as a letter with hundreds of marks, is cut at a code point, since vendors refuse an empty text.
 */
export function cut(text: string, most: number, measure: Measure): string {
  let length = 0;
  for (const { segment, index } of characters.segment(text)) {
    length += measure(segment);
    if (length > most)
      return index === 0 ? beginning(segment, most, measure) : text.slice(0, index).trimEnd();
  }
  return text;
}

/** As many code points of one character as count at most `most`. */
function beginning(character: string, most: number, measure: Measure): string {
  let length = 0;
  let taken = "";
  for (const point of character) {
    length += measure(point);
    if (length > most) break;
    taken += point;
  }
  return taken;
}
