/** Reads at most so many entries in order, beyond the last one that was read; fewer if there are no more. */
export type OrderedSource<Entry> = (last: Entry | undefined, most: number) => Promise<Entry[]>;

/**
 * The first entries of several ordered sources, in one order. Each source is read in portions, so that twice the limit
 * is in memory at most, and a source that has all of them is read as often as there are sources. Fails if one of them
 * does.
 */
export async function firstMerged<Entry>(
  sources: readonly OrderedSource<Entry>[],
  limit: number,
  compare: (one: Entry, other: Entry) => number,
): Promise<Entry[]> {
  const portion = Math.ceil(limit / sources.length);
  const readers = sources.map((source) => new Reader(source, portion));
  await Promise.all(readers.map((reader) => reader.fill()));
  const merged: Entry[] = [];
  while (merged.length < limit) {
    let next: Reader<Entry> | undefined;
    for (const reader of readers) {
      const { head } = reader;
      if (head === undefined) continue;
      if (next?.head === undefined || compare(head, next.head) < 0) next = reader;
    }
    const entry = next?.take();
    if (next === undefined || entry === undefined) break;
    merged.push(entry);
    if (merged.length < limit) await next.fill();
  }
  return merged;
}

/** A source with the portion of it that was read. */
class Reader<Entry> {
  readonly #source: OrderedSource<Entry>;
  readonly #portion: number;
  #entries: Entry[] = [];
  #next = 0;
  #isAtEnd = false;

  constructor(source: OrderedSource<Entry>, portion: number) {
    this.#source = source;
    this.#portion = portion;
  }

  /** The next entry, once `fill` was awaited; undefined at the end. */
  get head(): Entry | undefined {
    return this.#entries[this.#next];
  }

  take(): Entry | undefined {
    return this.#entries[this.#next++];
  }

  /** Reads the next portion when the one before is used up. */
  async fill(): Promise<void> {
    if (this.#isAtEnd || this.head !== undefined) return;
    this.#entries = await this.#source(this.#entries.at(-1), this.#portion);
    this.#next = 0;
    this.#isAtEnd = this.#entries.length < this.#portion;
  }
}
