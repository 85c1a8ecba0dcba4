import { and, eq, like, ne, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../bindings.ts";
import { settings as table } from "../database/schema/app.ts";
import { toHex } from "../protocol/hex.ts";
import { adopt, keywordsStatement, type SettingsEnv } from "../settings/store.ts";
import { KeywordFilter } from "./keyword-filter.ts";

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

/** The current words; undefined without a list. Fails if D1 fails. */
export async function currentWords({ DB }: Pick<Env, "DB">): Promise<string[] | undefined> {
  return wordsIn(await drizzle(DB).select({ value: table.value }).from(table).where(eq(table.key, CURRENT)));
}

/**
 * Makes these words the current list and returns its version. It is one transaction, and a version's words never
 * change, so no isolate reads half of a list. The previous list stays until the next one, for isolates whose settings still
 * name it. Fails if D1 fails.
 */
export async function storeWords(env: SettingsEnv, words: string[]): Promise<string> {
  const version = await versionOf(words);
  const key = rowOf(version);
  const db = drizzle(env.DB);
  const older = and(like(table.key, ROWS), ne(table.key, key), sql`${table.key} IS NOT ${CURRENT}`);
  const [, , [row]] = await db.batch([
    db.insert(table).values({ key, value: words }).onConflictDoNothing(),
    db.delete(table).where(older),
    keywordsStatement(db, version),
  ]);
  await adopt(env, row?.value ?? {});
  return version;
}

/** Removes the list: nothing is filtered any more. Fails if D1 fails. */
export async function removeWords(env: SettingsEnv): Promise<void> {
  const db = drizzle(env.DB);
  const [[row]] = await db.batch([
    keywordsStatement(db, null),
    db.delete(table).where(like(table.key, ROWS)),
  ]);
  await adopt(env, row?.value ?? {});
}

async function readWords(DB: D1Database, version: string): Promise<string[] | undefined> {
  const key = rowOf(version);
  return wordsIn(await drizzle(DB).select({ value: table.value }).from(table).where(eq(table.key, key)));
}

function wordsIn([row]: { value: unknown }[]): string[] | undefined {
  return Array.isArray(row?.value) ? row.value.map(String) : undefined;
}

/** The same words have the same version. */
async function versionOf(words: string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words.join("\n")));
  return toHex(new Uint8Array(digest, 0, 16));
}
