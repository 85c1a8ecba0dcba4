import { sql } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { appOf } from "../app/app.ts";
import type { Env } from "../bindings.ts";
import { settings as table } from "../database/schema/app.ts";
import { SETTINGS as ROW, readStoredSettings } from "../database/stored-settings.ts";
import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import { watchedUntil } from "../metrics/meter-of.ts";
import { isObject, type Json } from "../model/json.ts";
import type { ListedBroadcast } from "../model/unexpired-broadcasts.ts";
import { toHex } from "../protocol/hex.ts";
import { type AddressProblem, addressProblems } from "./address-problems.ts";
import { SettingsCache } from "./cache.ts";
import { archivedSinceAfter } from "./history-settings.ts";
import { merge } from "./merge.ts";
import { defaultSettings, type Settings, settingsFrom } from "./schema.ts";
import { profileProblems } from "./vendors/vendor-settings.ts";

/** The deadline for the kept copy (ms). */
const COPY_DEADLINE = 2_000;

/** Attempts of a patch while others change the settings. */
const ATTEMPTS = 5;

/** The bindings that settings need. */
export type SettingsEnv = Pick<Env, "DB" | "DEMO" | "APP">;

const caches = new WeakMap<D1Database, SettingsCache>();

/** The settings cache of this isolate. */
export function settingsOf(env: SettingsEnv): SettingsCache {
  let cache = caches.get(env.DB);
  if (cache === undefined) {
    const source = {
      read: () => readSettings(env),
      kept: () => keptSettings(env),
      shared: () => sharedSettings(env),
    };
    cache = new SettingsCache(source, defaultSettings(isDemo(env)), Date.now, Math.random);
    caches.set(env.DB, cache);
  }
  return cache;
}

/** The settings in D1. Fails if D1 fails. */
export async function readSettings(env: SettingsEnv): Promise<Settings> {
  return effective((await storedOverrides(env)).overrides, env);
}

/** Settings with the version of what was stored. */
export interface SettingsVersion {
  settings: Settings;
  version: string;
}

/** The same, for the owner; it also repairs the copy that a patch may have failed to keep. */
export async function inspectSettings(env: SettingsEnv): Promise<SettingsVersion> {
  const { overrides } = await storedOverrides(env);
  await keepCopy(env, overrides);
  return { settings: effective(overrides, env), version: await versionOf(overrides) };
}

/** The settings that a change made and those before it, or the reason that nothing was stored. */
export type SettingsChange = (SettingsVersion & { before: Settings }) | { problem: string };

/** The settings are not those that a patch was made for. */
class SettingsConflict extends Error {
  readonly current: SettingsVersion;

  constructor(current: SettingsVersion) {
    super("settings: changed by others");
    this.current = current;
  }
}

/**
 * Merges a patch that `patchProblem` accepted into the stored overrides. Returns the resulting settings, or the reason
 * that they cannot work together; then nothing is stored. Concurrent patches all count. Fails if D1 fails.
 *
 * @param isExpected asked about the stored version; if it says no, nothing is stored, and the answer is what is
 */
export async function patchSettings(
  env: SettingsEnv,
  patch: Json,
  addressProblem: AddressProblem,
  isExpected: (version: string) => boolean = () => true,
): Promise<SettingsChange | { conflict: SettingsVersion }> {
  const patchFor = (settings: Settings, version: string) => {
    if (!isExpected(version)) throw new SettingsConflict({ settings, version });
    return patch;
  };
  try {
    return await changeSettings(env, patchFor, addressProblem);
  } catch (error) {
    if (error instanceof SettingsConflict) return { conflict: error.current };
    throw error;
  }
}

/** The same for a patch that depends on the current settings: it is computed again after a conflict. */
export async function changeSettings(
  env: SettingsEnv,
  patchFor: (settings: Settings, version: string) => Json,
  addressProblem: AddressProblem,
): Promise<SettingsChange> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const stored = await storedOverrides(env);
    const before = settingsFrom(stored.overrides, isDemo(env));
    const patched = merge(stored.overrides, patchFor(before.settings, await versionOf(stored.overrides)));
    const overrides = withArchivedSince(before.settings, patched, isDemo(env));
    const { settings, ignored } = settingsFrom(overrides, isDemo(env));
    // A problem from before the patch is no reason to refuse it.
    const problems = ignored.filter((field) => !before.ignored.includes(field));
    problems.push(...addressProblems(settings, addressProblem), ...logProblems(settings));
    problems.push(...profileProblems(settings.push));
    if (problems.length > 0) return { problem: problems.join("; ") };
    if (await replaceOverrides(env, stored.text, overrides)) {
      const settings = await adopt(env, overrides);
      return { settings, before: before.settings, version: await versionOf(overrides) };
    }
  }
  throw new Error(`settings: changed by others ${ATTEMPTS} times`);
}

/** Whatever a change says of the archive, what D1 lacks since before stays known. */
function withArchivedSince(before: Settings, overrides: Json, demo: boolean): Json {
  const { history } = settingsFrom(overrides, demo).settings;
  const archivedSince = archivedSinceAfter(before.history, history, Date.now());
  return archivedSince === history.archivedSince
    ? overrides
    : merge(overrides, { history: { archivedSince } });
}

/** Replaces the list of a service's unexpired broadcasts; an empty one is removed. Fails if D1 fails. */
export async function saveUnexpiredBroadcasts(
  env: SettingsEnv,
  conversationId: string,
  broadcasts: readonly ListedBroadcast[],
): Promise<void> {
  const list: Json =
    broadcasts.length === 0 ? null : broadcasts.map(({ at, validTill }) => ({ at, validTill }));
  const patch = { broadcasts: { unexpired: { [conversationId]: list } } };
  const changed = await changeSettings(
    env,
    () => patch,
    () => undefined,
  );
  if ("problem" in changed) throw new Error(changed.problem);
}

/** A name of what the owner set: any change of it has another one. Broadcasts set theirs by themselves. */
async function versionOf(overrides: Json): Promise<string> {
  const { broadcasts: _, ...set } = isObject(overrides) ? overrides : {};
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(set)));
  return toHex(new Uint8Array(digest)).slice(0, 32);
}

function logProblems({ upstream, events }: Settings): string[] {
  if (!upstream.log || events.logDays > 0) return [];
  return ["upstream.log: is a part of the event log, which events.logDays of more than 0 keeps"];
}

/**
 * A statement that makes a word list the current one, or removes it; it returns the overrides. It changes nothing and
 * returns none if the current list is not the one before.
 */
export function keywordsStatement(db: DrizzleD1Database, version: string | null, before: string | null) {
  const text = JSON.stringify({ keywords: { version } });
  return db
    .insert(table)
    .values({ key: ROW, value: sql`json_patch('{}', ${text})` })
    .onConflictDoUpdate({
      target: table.key,
      set: { value: sql`json_patch(${table.value}, ${text})` },
      setWhere: sql`json_extract(${table.value}, '$.keywords.version') IS ${before}`,
    })
    .returning({ value: table.value });
}

/** Applies overrides that were just stored: they count here at once, and a copy is kept. */
export async function adopt(env: SettingsEnv, overrides: Json): Promise<Settings> {
  const settings = effective(overrides, env);
  settingsOf(env).set(settings);
  await keepCopy(env, overrides);
  return settings;
}

/** The overrides, parsed and as D1's text; no text if nothing was ever set. */
async function storedOverrides(env: SettingsEnv): Promise<{ overrides: Json; text: string | undefined }> {
  const { overrides: text, watchedUntil: watched } = await readStoredSettings(env.DB);
  if (watched !== undefined) watchedUntil(env.DB, watched);
  return { overrides: text === undefined ? {} : JSON.parse(text), text };
}

/** Whether D1 was unchanged since the read; else nothing is written. */
async function replaceOverrides(
  env: SettingsEnv,
  before: string | undefined,
  overrides: Json,
): Promise<boolean> {
  const written = await drizzle(env.DB)
    .insert(table)
    .values({ key: ROW, value: overrides })
    .onConflictDoUpdate({
      target: table.key,
      set: { value: overrides },
      setWhere: sql`${table.value} = ${before ?? null}`,
    })
    .returning({ key: table.key });
  return written.length > 0;
}

/**
 * Keeps the copy for times when D1 fails. A failure does not fail the change, which D1 has stored: the next one brings
 * the copy up to date.
 */
async function keepCopy(env: SettingsEnv, overrides: Json): Promise<void> {
  try {
    const kept = appOf(env).keepSettings(JSON.stringify(overrides));
    await withDeadline(kept, COPY_DEADLINE, "settings' copy");
  } catch (error) {
    console.error("settings: stored, but no copy kept for when D1 fails:", loggableError(error));
  }
}

/** What a shard of the app read a moment ago. */
async function sharedSettings(env: SettingsEnv): Promise<{ settings: Settings; age: number } | undefined> {
  const shared = await appOf(env).currentSettings();
  if (shared === undefined) return undefined;
  const { overrides: text, watchedUntil: watched, age } = shared;
  if (watched !== undefined) watchedUntil(env.DB, watched);
  return { settings: effective(text === undefined ? {} : JSON.parse(text), env), age };
}

async function keptSettings(env: SettingsEnv): Promise<Settings | undefined> {
  const text = await appOf(env).keptSettings();
  return text === undefined ? undefined : effective(JSON.parse(text), env);
}

function effective(overrides: Json, env: SettingsEnv): Settings {
  const { settings, ignored } = settingsFrom(overrides, isDemo(env));
  if (ignored.length > 0)
    console.warn(`settings: stored but not valid here, left out: ${ignored.join("; ")}`);
  return settings;
}

function isDemo(env: SettingsEnv): boolean {
  return env.DEMO === "1";
}
