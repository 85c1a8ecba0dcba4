import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { settings as table } from "./schema/app.ts";

/** The row of the overrides: the settings that differ from the defaults. */
export const SETTINGS = "settings";

/**
 * The row beside the settings that says until when somebody watches (ms). Every isolate that does anything reads the
 * settings again and again, and this row with them.
 */
export const WATCHED = "watched";

export interface StoredSettings {
  /** The overrides as D1 has them, JSON; undefined if nothing was ever set. */
  overrides: string | undefined;
  /** Until when somebody watches (ms), if that is known. */
  watchedUntil: number | undefined;
}

/** Reads what D1 has. Throws if D1 fails. */
export async function readStoredSettings(db: D1Database): Promise<StoredSettings> {
  const rows = await drizzle(db)
    .select({ key: table.key, text: sql<string>`${table.value}` })
    .from(table)
    .where(inArray(table.key, [SETTINGS, WATCHED]));
  const textOf = (name: string) => rows.find(({ key }) => key === name)?.text;
  const watchedUntil = Number(textOf(WATCHED) ?? Number.NaN);
  return {
    overrides: textOf(SETTINGS),
    watchedUntil: Number.isFinite(watchedUntil) ? watchedUntil : undefined,
  };
}
