import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "./sqlite.ts";

const DAY = 24 * 60 * 60 * 1000; // ms
/** The size of an unused object's file: at most SQLite's one page. */
const EMPTY = 4096;
/** The start waits at most this long (ms); the rest is left for the next one. */
const SWEEP_DEADLINE = 10_000;
/** workerd's list of a class's alarms, beside the objects. */
const NOT_OBJECTS = new Set(["metadata.sqlite"]);

/**
 * Removes the files of objects that never stored anything: each name that is looked up leaves one. Only files without
 * tables that were unused for a day are removed. Nothing may be using the folder: call it before the runtime starts.
 * Resolves to the number of files; never rejects.
 */
export async function sweepEmptyObjects(folder: string, now = Date.now()): Promise<number> {
  const until = performance.now() + SWEEP_DEADLINE;
  const objects = join(folder, "do");
  let swept = 0;
  for (const namespace of await namesIn(objects)) {
    for (const name of await namesIn(join(objects, namespace))) {
      if (!name.endsWith(".sqlite") || NOT_OBJECTS.has(name)) continue;
      if (performance.now() > until) return swept;
      const path = join(objects, namespace, name);
      if ((await isOldAndSmall(path, now)) && hasNoTables(path) && (await remove(path))) swept += 1;
    }
  }
  return swept;
}

/** By the file and SQLite's files beside it: the last write may be there alone. */
async function isOldAndSmall(path: string, now: number): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined || !file.isFile() || file.size > EMPTY) return false;
  const log = await stat(`${path}-wal`).catch(() => undefined);
  return Math.max(file.mtimeMs, log?.mtimeMs ?? 0) < now - DAY;
}

/** SQLite reads its log, too. A damaged file does not count as empty. */
function hasNoTables(path: string): boolean {
  try {
    const database = new DatabaseSync(path);
    try {
      return database.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get() === undefined;
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

/** The file is removed last: if anything fails before, it is still there, and still empty. */
async function remove(path: string): Promise<boolean> {
  try {
    for (const beside of ["-wal", "-shm", ""]) await rm(path + beside, { force: true });
    return true;
  } catch {
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
