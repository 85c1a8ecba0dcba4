/** A text as words are looked for in it, and where each part of it came from. */
export interface Folded {
  text: string;
  /** What in the original a stretch of the folded text stands for, widened to whole letters. */
  original(start: number, end: number): Stretch;
}

/** A part of a text in UTF-16 units, without its end. */
export interface Stretch {
  start: number;
  end: number;
}

const ASCII = /^\p{ASCII}*$/u;

/** A letter with its marks is one: half of it is never looked at, nor masked. */
const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Korean consonants and vowels typed by themselves. NFKC would make them parts of syllables. */
const LONE_JAMO = /^[\u3131-\u318e]/;

/**
 * What differs only in case, in width or in how it is encoded becomes equal: NFKC, and case as no language in
 * particular has it. Upper case and then lower brings together what either keeps apart (ß and SS, σ and ς); the
 * Turkish i, with a dot or without, is an i.
 */
export function fold(text: string): Folded {
  if (ASCII.test(text)) {
    return { text: text.toLowerCase(), original: (start, end) => ({ start, end }) };
  }
  let folded = "";
  /** For each unit of the folded text, the letter it belongs to. */
  const origins: Stretch[] = [];
  for (const { segment, index } of letters.segment(text)) {
    const letter = foldLetter(segment);
    const origin = { start: index, end: index + segment.length };
    for (let unit = 0; unit < letter.length; unit++) origins.push(origin);
    folded += letter;
  }
  return {
    text: folded,
    original: (start, end) => ({
      start: origins[start]?.start ?? 0,
      end: origins[end - 1]?.end ?? text.length,
    }),
  };
}

function foldLetter(letter: string): string {
  if (LONE_JAMO.test(letter)) return letter;
  const lower = letter.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase();
  return lower.replaceAll("i\u0307", "i");
}
