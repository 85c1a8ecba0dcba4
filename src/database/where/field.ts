import type { SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";

/** A table that is asked by `where`. */
export interface Queried {
  table: SQLiteTable;
  id: SQLiteColumn;
  /** Columns that may be long. */
  kept: SQLiteColumn[];
  /** The field a key of `where` or of an order names; `undefined` when it is not a key one may ask for. */
  fieldOf(key: string): Field | undefined;
}

/** Where a queried key is kept in D1, and so how it can be compared. */
export type Field =
  | { type: "text"; column: SQLiteColumn }
  | { type: "date"; column: SQLiteColumn }
  | { type: "number"; value: SQL }
  | { type: "boolean"; value: SQL }
  /** True or absent, never false: how `tr`, `sys` and `unique` are kept. */
  | { type: "flag"; set: SQL; indexed: boolean }
  | JsonField;

/** A value inside a JSON column. */
export interface JsonField {
  type: "json";
  column: SQLiteColumn;
  path: string;
  /** It is a list of names, for which there is a table that answers faster. */
  membership: Membership | undefined;
  /** It may be a place, or a list of them. */
  places: boolean;
}

/** A list of names turned around: a table of who has which. */
export interface Membership {
  table: SQLiteTable;
  name: SQLiteColumn;
  /** Of a row of `table`: the row that has the name. */
  owner: SQLiteColumn;
  /** The same in the queried table. */
  id: SQLiteColumn;
}

const SEGMENTS_MAX = 10;
const KEY_LENGTH_MAX = 256;

/** The names in a path such as `attr.a.b`; undefined where SQLite could not be asked for them. */
export function segmentsOf(key: string): string[] | undefined {
  const segments = key.split(".");
  if (key.length > KEY_LENGTH_MAX || segments.length > SEGMENTS_MAX) return undefined;
  return segments.every(isPlain) ? segments : undefined;
}

/** What stands at a path in a JSON column. */
export function inJson(column: SQLiteColumn, segments: string[], { places = false } = {}): JsonField {
  const path = ["$", ...segments.map((segment) => `"${segment}"`)].join(".");
  return { type: "json", column, path, membership: undefined, places };
}

/** Quotes and backslashes have a meaning inside SQLite's quoted path segments that cannot be escaped. */
function isPlain(segment: string): boolean {
  if (segment === "" || segment.startsWith("$")) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/["\\\u0000-\u001f\u007f]/.test(segment);
}
