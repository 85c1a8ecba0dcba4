import { withDeadline } from "../deadline.ts";
import { elapsed } from "../elapsed.ts";
import { loggableError } from "../loggable-error.ts";
import { WordList } from "./word-list.ts";

/** No message waits longer than this for D1. */
const DEADLINE: Milliseconds = 2_000;
/** Pause after a failed read of a list. */
const RETRY: Milliseconds = 1_000;

type Milliseconds = number;

/**
 * The word list as this isolate last read it. A version never changes, so each list is read once; the settings name the
 * current version.
 */
export class KeywordFilter {
  readonly #read: (version: string) => Promise<string[] | undefined>;
  readonly #now: () => Milliseconds;
  #known: { version: string; list: WordList } | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The start of the current read. */
  #readingAt = Number.NEGATIVE_INFINITY;

  /** `read` asks D1 for the words of a version and may fail; undefined when there is no such version. */
  constructor(read: (version: string) => Promise<string[] | undefined>, now: () => Milliseconds = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /**
   * The words of `settings.keywords.version`; undefined for no filter. Resolves within 2 s and never fails: while a
   * list cannot be read, the last known one counts, if any. While one caller reads, the others also use that one, as
   * with the settings.
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
      // Built once: if several callers read the same list, the first result counts.
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
