import { and, eq, like, ne, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../bindings.ts";
import { settings as table } from "../database/schema/app.ts";
import type { Json } from "../model/json.ts";
import { toHex } from "../protocol/hex.ts";
import { adopt, keywordsStatement, readSettings, type SettingsEnv } from "../settings/store.ts";
import { KeywordFilter } from "./keyword-filter.ts";

/** Attempts of a change while others change the list. */
const ATTEMPTS = 5;

/** Each word list is a row beside the settings, by its version. */
const rowOf = (version: string) => `keywords:${version}`;
const ROWS = rowOf("%");

/** The row that the settings name; null without one. */
const CURRENT = sql`(SELECT 'keywords:' || json_extract(value, '$.keywords.version') FROM settings WHERE key = 'settings')`;

const filters = new WeakMap<D1Database, KeywordFilter>();

/** The keyword filter that everything in this isolate shares. */
export function keywordFilterOf({ DB }: Pick<Env, "DB">): KeywordFilter {
  let filter = filters.get(DB);
  if (filter === undefined) {
    filter = new KeywordFilter((version) => readWords(DB, version));
    filters.set(DB, filter);
  }
  return filter;
}

/** A list, and the version that names it. */
export interface StoredWords {
  version: string;
  words: string[];
}

/** The current words; undefined without a list. Fails if D1 fails. */
export async function currentWords({ DB }: Pick<Env, "DB">): Promise<StoredWords | undefined> {
  const rows = drizzle(DB).select({ key: table.key, value: table.value }).from(table);
  const [row] = await rows.where(eq(table.key, CURRENT));
  const words = wordsIn(row);
  return words && { version: row?.key.slice(rowOf("").length) ?? "", words };
}

/** The version of the list before a change, null without one; a conflict if a caller did not expect that. */
export type WordsChange = { before: string | null } | { conflict: string | null };

/** Whether a change is meant for the list of a version; null without a list. */
type IsExpected = (version: string | null) => boolean;

/**
 * Makes these words the current list, and tells its version. It is one transaction, and a version's words never
 * change, so no isolate reads half of a list. The previous list stays until the next one, for isolates whose settings
 * still name it. Fails if D1 fails.
 */
export async function storeWords(
  env: SettingsEnv,
  words: string[],
  isExpected: IsExpected = () => true,
): Promise<WordsChange & { version: string }> {
  const version = await versionOf(words);
  const key = rowOf(version);
  const db = drizzle(env.DB);
  const older = and(like(table.key, ROWS), ne(table.key, key), sql`${table.key} IS NOT ${CURRENT}`);
  const change = await changeWords(env, isExpected, async (before) => {
    const [, , [row]] = await db.batch([
      db.insert(table).values({ key, value: words }).onConflictDoNothing(),
      db.delete(table).where(older),
      keywordsStatement(db, version, before),
    ]);
    return row?.value;
  });
  return { ...change, version };
}

/** Removes the list: nothing is filtered any more. Fails if D1 fails. */
export async function removeWords(
  env: SettingsEnv,
  isExpected: IsExpected = () => true,
): Promise<WordsChange> {
  const db = drizzle(env.DB);
  return changeWords(env, isExpected, async (before) => {
    const [[row]] = await db.batch([
      keywordsStatement(db, null, before),
      db.delete(table).where(and(like(table.key, ROWS), sql`${table.key} IS NOT ${CURRENT}`)),
    ]);
    return row?.value;
  });
}

/** @param change resolves to the overrides; undefined if the list was not the one before any more */
async function changeWords(
  env: SettingsEnv,
  isExpected: IsExpected,
  change: (before: string | null) => Promise<Json | undefined>,
): Promise<WordsChange> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = (await readSettings(env)).keywords.version;
    if (!isExpected(before)) return { conflict: before };
    const overrides = await change(before);
    if (overrides === undefined) continue;
    await adopt(env, overrides);
    return { before };
  }
  throw new Error(`keywords: changed by others ${ATTEMPTS} times`);
}

async function readWords(DB: D1Database, version: string): Promise<string[] | undefined> {
  const key = rowOf(version);
  const [row] = await drizzle(DB).select({ value: table.value }).from(table).where(eq(table.key, key));
  return wordsIn(row);
}

function wordsIn(row: { value: unknown } | undefined): string[] | undefined {
  return Array.isArray(row?.value) ? row.value.map(String) : undefined;
}

/** The same words have the same version. */
async function versionOf(words: string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words.join("\n")));
  return toHex(new Uint8Array(digest, 0, 16));
}
