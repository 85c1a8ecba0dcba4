import { type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { conversations } from "./schema.ts";

/** Where a queried key is kept in D1, and so how it can be compared. */
export type Field =
  | { type: "text"; column: SQLiteColumn }
  | { type: "date"; column: SQLiteColumn }
  | { type: "number"; value: SQL }
  /** True or absent, never false: how `tr`, `sys` and `unique` are kept. */
  | { type: "flag"; set: SQL }
  | JsonField;

/** A value inside a JSON column. `membership`: it is `m`, which the members table answers faster. */
export interface JsonField {
  type: "json";
  column: SQLiteColumn;
  path: string;
  membership: boolean;
}

const SEGMENTS_MAX = 10;
const KEY_LENGTH_MAX = 256;

// The partial index on kind only serves conditions that repeat its own `<> 'normal'`.
const isKind = (kind: SQL): SQL =>
  sql`(${conversations.kind} <> 'normal' AND ${conversations.kind} = ${kind})`;

const fields = new Map<string, Field>([
  ["objectId", { type: "text", column: conversations.id }],
  ["name", { type: "text", column: conversations.name }],
  ["c", { type: "text", column: conversations.creator }],
  ["m", { type: "json", column: conversations.members, path: "$", membership: true }],
  ["mu", { type: "json", column: conversations.muted, path: "$", membership: false }],
  ["lm", { type: "date", column: conversations.lastMessageAt }],
  ["createdAt", { type: "date", column: conversations.createdAt }],
  ["updatedAt", { type: "date", column: conversations.updatedAt }],
  ["tr", { type: "flag", set: isKind(sql`'room'`) }],
  ["sys", { type: "flag", set: isKind(sql`'system'`) }],
  ["unique", { type: "flag", set: sql`${conversations.unique} = 1` }],
  ["uniqueId", { type: "text", column: conversations.uniqueId }],
  [
    "conv_type",
    {
      type: "number",
      value: sql`CASE ${conversations.kind} WHEN 'normal' THEN 1 WHEN 'room' THEN 2 ELSE 3 END`,
    },
  ],
]);

/** The field a key of `where` or `sort` names; `undefined` when it is not a key one may ask for. */
export function fieldOf(key: string): Field | undefined {
  const known = fields.get(key);
  if (known !== undefined) return known;
  const segments = key.split(".");
  if (key.length > KEY_LENGTH_MAX || segments.length > SEGMENTS_MAX || !segments.every(isPlain))
    return undefined;
  const [first, ...rest] = segments;
  if (first === "attr") return inJson(conversations.attributes, rest);
  return inJson(conversations.columns, segments);
}

function inJson(column: SQLiteColumn, segments: string[]): JsonField {
  const path = ["$", ...segments.map((segment) => `"${segment}"`)].join(".");
  return { type: "json", column, path, membership: false };
}

/** Quotes and backslashes have a meaning inside SQLite's quoted path segments that cannot be escaped. */
function isPlain(segment: string): boolean {
  if (segment === "" || segment.startsWith("$")) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/["\\\u0000-\u001f\u007f]/.test(segment);
}
