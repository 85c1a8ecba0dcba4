import { constants } from "node:fs";
import { access, chmod, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Refusal } from "./options.ts";
import { DatabaseSync } from "./sqlite.ts";

/** Access for the server's user only: chats, push keys and secrets are stored there. */
const PRIVATE = 0o077;
/** Larger files are not checked completely at each start, in bytes; their headers are. */
const CHECKED_WHOLE = 200_000_000;

/** Creates the data folder. Throws a `Refusal` if that fails or it cannot be written to. */
export async function openDataFolder(folder: string): Promise<void> {
  try {
    await make(resolve(folder));
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Refusal(`Not started: the data folder ${folder} ${whyNot(error)}.`, 1);
  }
}

/** Like `mkdir -p`: Node's own never ends on a file system without folders, such as /proc (November 2026). */
async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST" && (await stat(folder)).isDirectory()) return;
    if (code !== "ENOENT" || dirname(folder) === folder) throw error;
    await make(dirname(folder));
    await mkdir(folder);
  }
}

/**
 * Removes other users' permissions in a folder that an earlier version left open. Only the server's own files in it
 * change: the folder may be a home folder.
 */
export async function removeOthersPermissions(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const { mode } = await stat(path);
    if ((mode & PRIVATE) === 0) continue;
    await chmod(path, mode & ~PRIVATE & 0o7777).catch(() =>
      console.warn(`Parley: other users of this machine can read ${path}; chmod -R go= ${folder} ends that.`),
    );
  }
}

/** Throws a `Refusal` that names the file if an essential one is damaged. */
export async function checkDatabases(folder: string): Promise<void> {
  for (const path of await essentialFiles(folder)) {
    const { size } = await stat(path);
    const problem = size === 0 ? undefined : problemOf(path, size <= CHECKED_WHOLE);
    if (problem === undefined) continue;
    throw new Refusal(
      `Not started: the database file ${path} is damaged (${problem}). Put back a backup (npm run restore), ` +
        "or save what is left with sqlite3's .recover command and put the result in its place.",
      1,
    );
  }
}

/** D1, and the lists of alarms. Each object's file is checked when the object wakes: a damaged one harms no other. */
async function essentialFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const kind of ["d1", "do"]) {
    for (const namespace of await namesIn(join(folder, kind))) {
      const names = kind === "do" ? ["metadata.sqlite"] : await namesIn(join(folder, kind, namespace));
      for (const name of names) {
        const path = join(folder, kind, namespace, name);
        if (name.endsWith(".sqlite") && (await stat(path).catch(() => undefined))) files.push(path);
      }
    }
  }
  return files;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** SQLite's complaint about a file; undefined for an intact one. */
export function problemOf(path: string, whole: boolean): string | undefined {
  try {
    const database = new DatabaseSync(path);
    try {
      const check = whole ? "PRAGMA quick_check(1)" : "SELECT count(*) AS quick_check FROM sqlite_master";
      const [found] = Object.values(database.prepare(check).get() ?? {});
      return whole && found !== "ok" ? firstLine(String(found)) : undefined;
    } finally {
      database.close();
    }
  } catch (error) {
    return firstLine(error instanceof Error ? error.message : String(error));
  }
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => !/^\*\*\*/.test(line)) ?? text;
}

const REASONS: Record<string, string> = {
  EACCES: "may not be written to by this user",
  EPERM: "may not be written to by this user",
  EROFS: "is on a file system that is read-only",
  ENOTDIR: "cannot be made: a part of its path is a file",
  EEXIST: "cannot be made: there is a file of that name",
  ENOSPC: "cannot be made: the disk is full",
};

/** The end of a sentence about a file or folder, from Node's error. */
export function whyNot(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? `cannot be used: ${error instanceof Error ? error.message : error}`;
}
