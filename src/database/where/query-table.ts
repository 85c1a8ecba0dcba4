import type { SQL } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";

/** A table that a `where` can query. */
export interface QueryTable {
  table: SQLiteTable;
  id: SQLiteColumn;
  /** Columns that may be long. */
  longColumns: SQLiteColumn[];
  /** The field for a key of `where` or of a sort order; `undefined` if the key is not allowed. */
  fieldOf(key: string): Field | undefined;
}

/** Where D1 stores a key's value, and so how it can be compared. */
export type Field =
  | { type: "text"; column: SQLiteColumn }
  | { type: "date"; column: SQLiteColumn }
  | { type: "number"; value: SQL }
  | { type: "boolean"; value: SQL }
  /** True or absent, never false: `tr`, `sys` and `unique`. */
  | { type: "flag"; set: SQL; indexed: boolean }
  | JsonField;

/** A value inside a JSON column. */
export interface JsonField {
  type: "json";
  column: SQLiteColumn;
  path: string;
  /** The index, if the value is a list of names that has one. */
  membership: NameIndex | undefined;
  /** Whether the value may be a GeoPoint, or a list of them. */
  places: boolean;
}

/** A list of names turned around: a table of name and owner. */
export interface NameIndex {
  table: SQLiteTable;
  name: SQLiteColumn;
  /** The id of the row whose list holds the name. */
  owner: SQLiteColumn;
  /** The same in the queried table. */
  id: SQLiteColumn;
}

const SEGMENTS_MAX = 10;
const KEY_LENGTH_MAX = 256;

/** The names in a path such as `attr.a.b`; undefined if SQLite cannot address them. */
export function segmentsOf(key: string): string[] | undefined {
  const segments = key.split(".");
  if (key.length > KEY_LENGTH_MAX || segments.length > SEGMENTS_MAX) return undefined;
  return segments.every(isPlain) ? segments : undefined;
}

/** The field at a path in a JSON column. */
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
