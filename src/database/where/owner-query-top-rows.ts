import { compareTexts } from "../../compare-texts.ts";

/* SQLite's sort order, for rows that are read a slice at a time. */

/** The value of a sort key. Whole numbers that JavaScript's numbers cannot represent are BigInts. */
export type SortValue = null | number | bigint | string;

/** A matching row: its id, its bytes of JSON, and its sort keys. */
export interface MatchingRow {
  id: string;
  bytes: number;
  values: SortValue[];
}

/** Null comes before numbers, and numbers before texts. Texts compare by their UTF-8 bytes, as in SQLite. */
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

/** Keeps the first rows of an order. The id makes the order total. */
export class TopRows {
  readonly #most: number;
  readonly #descending: boolean[];
  #rows: MatchingRow[] = [];

  constructor(most: number, descending: boolean[]) {
    this.#most = most;
    this.#descending = descending;
  }

  get rows(): readonly MatchingRow[] {
    return this.#rows;
  }

  get isFull(): boolean {
    return this.#rows.length >= this.#most;
  }

  add(rows: MatchingRow[]): void {
    const last = this.isFull ? this.#rows.at(-1) : undefined;
    const better = last === undefined ? rows : rows.filter((row) => this.#compare(row, last) < 0);
    if (better.length === 0) return;
    const added = better.toSorted((one, other) => this.#compare(one, other));
    const merged: MatchingRow[] = [];
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

  #compare(one: MatchingRow, other: MatchingRow): number {
    for (const [at, descending] of this.#descending.entries()) {
      const order = compareValues(one.values[at] ?? null, other.values[at] ?? null);
      if (order !== 0) return descending ? -order : order;
    }
    return compareTexts(one.id, other.id);
  }
}
