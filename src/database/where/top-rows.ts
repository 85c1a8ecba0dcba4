/* SQLite's order, for rows that were read a slice at a time. */

/** What a row is sorted by. Whole numbers that JavaScript's numbers cannot hold are BigInts. */
export type SortValue = null | number | bigint | string;

/** A row that fits: its id, how many bytes of JSON it has, and what it is sorted by. */
export interface Found {
  id: string;
  bytes: number;
  values: SortValue[];
}

/** Nothing comes before numbers, and those before texts; texts go by their bytes in UTF-8, as SQLite has them. */
export function compareValues(one: SortValue, other: SortValue): number {
  const rank = rankOf(one) - rankOf(other);
  if (rank !== 0) return rank;
  if (typeof one === "string" && typeof other === "string") return compareTexts(one, other);
  if (one === null || other === null) return 0;
  return one < other ? -1 : one > other ? 1 : 0;
}

function rankOf(value: SortValue): number {
  if (value === null) return 0;
  return typeof value === "string" ? 2 : 1;
}

/** JavaScript compares halves of what lies beyond U+FFFF, which it has before U+E000. */
function compareTexts(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (left === right) continue;
    if (isHalf(left) !== isHalf(right)) return isHalf(left) ? 1 : -1;
    return left - right;
  }
  return one.length - other.length;
}

const isHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** The first rows of an order, of all that were added. The id makes it total. */
export class TopRows {
  readonly #most: number;
  readonly #descending: boolean[];
  #rows: Found[] = [];

  constructor(most: number, descending: boolean[]) {
    this.#most = most;
    this.#descending = descending;
  }

  get rows(): readonly Found[] {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows.length >= this.#most;
  }

  add(rows: Found[]): void {
    const last = this.isFull ? this.#rows.at(-1) : undefined;
    const better = last === undefined ? rows : rows.filter((row) => this.#compare(row, last) < 0);
    if (better.length === 0) return;
    const added = better.toSorted((one, other) => this.#compare(one, other));
    const merged: Found[] = [];
    let next = 0;
    for (const row of this.#rows) {
      for (
        let first = added[next];
        first !== undefined && this.#compare(first, row) < 0;
        first = added[next]
      ) {
        merged.push(first);
        next += 1;
      }
      merged.push(row);
    }
    this.#rows = merged.concat(added.slice(next)).slice(0, this.#most);
  }

  #compare(one: Found, other: Found): number {
    for (const [at, descending] of this.#descending.entries()) {
      const order = compareValues(one.values[at] ?? null, other.values[at] ?? null);
      if (order !== 0) return descending ? -order : order;
    }
    return compareTexts(one.id, other.id);
  }
}
