import type { ExportFolder } from "./folder.ts";

/** A generation has the keys of ten pages; two are remembered, some MB. */
const GENERATION = 10_000;

interface Generation {
  keys: Set<string>;
  /** The highest number of its rows, such as a time (ms). */
  highest: number;
}

const nothing = (): Generation => ({ keys: new Set(), highest: Number.NEGATIVE_INFINITY });

/** The keys of the latest rows of a kind, by which a page that comes twice is known. */
export class Recent {
  #now = nothing();
  #before = nothing();
  #hasForgotten = false;

  /** Those of the rows that the export has already. */
  static async of(
    folder: ExportFolder,
    kind: string,
    read: (text: string) => { key: string; at?: number } | undefined,
  ): Promise<Recent> {
    const recent = new Recent();
    let left = folder.count(kind);
    for (const part of folder.partsOf(kind)) {
      left -= part.rows;
      if (left >= 2 * GENERATION) continue;
      for await (const text of folder.rowsOfPart(part)) {
        const row = read(text);
        if (row !== undefined) recent.add(row.key, row.at);
      }
    }
    return recent;
  }

  has(key: string): boolean {
    return this.#now.keys.has(key) || this.#before.keys.has(key);
  }

  add(key: string, at = Number.NEGATIVE_INFINITY): void {
    this.#now.keys.add(key);
    this.#now.highest = Math.max(this.#now.highest, at);
    if (this.#now.keys.size < GENERATION) return;
    this.#hasForgotten ||= this.#before.keys.size > 0;
    this.#before = this.#now;
    this.#now = nothing();
  }

  /** Whether a row of that number would be remembered, rows having come with falling numbers. */
  reachesTo(at: number): boolean {
    return !this.#hasForgotten || at <= this.#before.highest;
  }
}
