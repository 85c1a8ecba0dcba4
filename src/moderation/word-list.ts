import AhoCorasick from "modern-ahocorasick";
import { fold, type Stretch } from "./fold.ts";

const MASK = "***";

/** Words to filter. The search index is built when it is first needed. */
export class WordList {
  readonly #words: readonly string[];
  #automaton: AhoCorasick | undefined;

  /** @param words none of them empty */
  constructor(words: readonly string[]) {
    this.#words = words;
  }

  /** The text with `***` in place of each range that words cover without a gap; undefined if there is none. */
  mask(text: string): string | undefined {
    const stretches = this.#find(text);
    if (stretches.length === 0) return undefined;
    let masked = "";
    let from = 0;
    for (const { start, end } of stretches) {
      masked += text.slice(from, start) + MASK;
      from = end;
    }
    return masked + text.slice(from);
  }

  /** Ranges in order, with a gap between them. */
  #find(text: string): Stretch[] {
    this.#automaton ??= new AhoCorasick(foldAll(this.#words));
    const folded = fold(text);
    const stretches: Stretch[] = [];
    // Matches come in the order of their ends.
    for (const match of this.#automaton.iterate(folded.text)) {
      const stretch = folded.original(match.start, match.end);
      for (
        let last = stretches.at(-1);
        last !== undefined && last.end >= stretch.start;
        last = stretches.at(-1)
      ) {
        stretch.start = Math.min(stretch.start, last.start);
        stretches.pop();
      }
      stretches.push(stretch);
    }
    return stretches;
  }
}

/** The unique letters of all words, read together, since a segmenter costs memory for each text. */
function foldAll(words: readonly string[]): string[] {
  if (words.length === 0) return [];
  return [...new Set(fold(words.join("\n")).text.split("\n"))];
}
