import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import { WordList } from "./word-list.ts";

/** No message waits longer than this for D1. */
const DEADLINE: Milliseconds = 2_000;
/** A list that could not be read is not asked for more often than this. */
const RETRY: Milliseconds = 1_000;

type Milliseconds = number;

/**
 * The word list as this isolate last read it. A version never changes, so a list is read once; the settings say which
 * one counts.
 */
export class KeywordFilter {
  readonly #read: (version: string) => Promise<string[] | undefined>;
  readonly #now: () => Milliseconds;
  #known: { version: string; list: WordList } | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** When the read under way began. */
  #readingAt = Number.NEGATIVE_INFINITY;

  /** `read` asks D1 for the words of a version and may fail; undefined when there is no such version. */
  constructor(read: (version: string) => Promise<string[] | undefined>, now: () => Milliseconds = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /**
   * The words of `settings.keywords.version`; undefined when nothing is to be filtered. Answers within 2 s and never
   * fails: while a list cannot be read, the last one known counts, if any. While one caller reads, the others take
   * that as well, as with the settings.
   */
  async get(version: string | null): Promise<WordList | undefined> {
    if (version === null) {
      this.#known = undefined;
      return undefined;
    }
    const known = this.#known;
    if (known?.version === version) return known.list;
    const now = this.#now();
    if (elapsed(this.#failedAt, now) < RETRY) return known?.list;
    if (known !== undefined && elapsed(this.#readingAt, now) < DEADLINE) return known.list;
    this.#readingAt = now;
    try {
      const words = await withDeadline(this.#read(version), DEADLINE, "keywords");
      if (words === undefined) throw new Error(`no list ${version}`);
      // Built once: of several who read the same, the first one's counts.
      if (this.#known?.version !== version) this.#known = { version, list: new WordList(words) };
    } catch (error) {
      this.#failedAt = this.#now();
      const rest = this.#known === undefined ? "nothing is filtered" : "the last known ones count";
      console.error(`keywords: not read, ${rest}:`, loggableError(error));
    } finally {
      this.#readingAt = Number.NEGATIVE_INFINITY;
    }
    return this.#known?.list;
  }
}
