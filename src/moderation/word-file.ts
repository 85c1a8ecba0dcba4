/** Bytes of an uploaded list. */
export const FILE_MAX = 1_048_576;

const WORDS_MAX = 10_000;
const WORD_LENGTH_MAX = 64; // characters

/**
 * The words of an uploaded list, or the reason that it is invalid: UTF-8 text with a word on each line, with any
 * line ends. Blank lines and repeated words are ignored.
 */
export function readWordFile(bytes: Uint8Array): { words: string[] } | { problem: string } {
  const text = decode(bytes);
  if (text === undefined) return { problem: "must be a text in UTF-8" };
  const words = new Set<string>();
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const word = line.trim();
    if (word === "") continue;
    if (Array.from(word).length > WORD_LENGTH_MAX) {
      return { problem: `line ${index + 1}: must be at most ${WORD_LENGTH_MAX} characters` };
    }
    if (/\p{Cc}/u.test(word)) return { problem: `line ${index + 1}: must be without control characters` };
    words.add(word);
  }
  if (words.size === 0) return { problem: "must have a word on at least one line; DELETE removes a list" };
  if (words.size > WORDS_MAX) return { problem: `must have at most ${WORDS_MAX} words` };
  return { words: [...words] };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}
