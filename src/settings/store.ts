import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Env } from "../env.ts";
import { settings as table } from "../history/schema.ts";
import type { Json } from "../protocol/json.ts";
import { SettingsCache } from "./cache.ts";
import { defaultSettings, type Settings, settingsFrom } from "./schema.ts";

/** The one row: only what differs from the defaults, so that a default can still change. */
const ROW = "settings";

/** As much of the environment as settings need. */
type SettingsEnv = Pick<Env, "DB" | "DEMO">;

const caches = new WeakMap<D1Database, SettingsCache>();

/** The settings cache that everything in this isolate shares. */
export function settingsOf(env: SettingsEnv): SettingsCache {
  let cache = caches.get(env.DB);
  if (cache === undefined) {
    cache = new SettingsCache(() => readSettings(env), defaultSettings(isDemo(env)));
    caches.set(env.DB, cache);
  }
  return cache;
}

/** The settings as D1 has them now. Fails when D1 does. */
export async function readSettings(env: SettingsEnv): Promise<Settings> {
  const [row] = await drizzle(env.DB).select({ value: table.value }).from(table).where(eq(table.key, ROW));
  return effective(row?.value ?? {}, env);
}

/**
 * Merges a patch that `patchProblem` let pass into the stored overrides and returns the settings it comes
 * to. SQLite's own RFC 7396 merge does it in one statement, so two patches at once both count. Fails when
 * D1 does.
 */
export async function patchSettings(env: SettingsEnv, patch: Json): Promise<Settings> {
  const text = JSON.stringify(patch);
  const [row] = await drizzle(env.DB)
    .insert(table)
    .values({ key: ROW, value: sql`json_patch('{}', ${text})` })
    .onConflictDoUpdate({ target: table.key, set: { value: sql`json_patch(${table.value}, ${text})` } })
    .returning({ value: table.value });
  const settings = effective(row?.value ?? {}, env);
  settingsOf(env).set(settings);
  return settings;
}

function effective(overrides: Json, env: SettingsEnv): Settings {
  const { settings, ignored } = settingsFrom(overrides, isDemo(env));
  if (ignored.length > 0)
    console.warn(`settings: stored but not valid here, left out: ${ignored.join(", ")}`);
  return settings;
}

function isDemo(env: SettingsEnv): boolean {
  return env.DEMO === "1";
}
