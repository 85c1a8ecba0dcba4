/** A folded text for the word search, and the origin of each part. */
export interface Folded {
  text: string;
  /** The range in the original text for a range of the folded text, widened to whole letters. */
  original(start: number, end: number): Stretch;
}

/** A range of a text in UTF-16 units, without its end. */
export interface Stretch {
  start: number;
  end: number;
}

const ASCII = /^\p{ASCII}*$/u;

/** A letter and its marks are one unit, which is found and masked as a whole. */
const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Korean consonants and vowels typed separately. NFKC would merge them into syllables. */
const LONE_JAMO = /^[\u3131-\u318e]/;

/**
 * Texts that differ only in case, width or encoding become equal: NFKC, and language-independent case. Upper case and
 * then lower merges what either keeps apart (ß and SS, σ and ς); the Turkish i, with a dot or without, becomes i.
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
