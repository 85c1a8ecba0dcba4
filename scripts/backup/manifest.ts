import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { Refusal } from "../options.ts";
import { DatabaseSync } from "../sqlite.ts";

export const MANIFEST = "manifest.json";
const FORMAT = 1;

/** A path in a manifest that was tampered with must not write files elsewhere. */
function isInside(path: string): boolean {
  return !path.split("/").some((part) => part === "" || part === "." || part === "..");
}

const Manifest = v.object({
  format: v.literal(FORMAT),
  /** The moment of the backup, as ISO 8601. */
  takenAt: v.string(),
  /** The last of D1's migrations. */
  tables: v.string(),
  /** Files by kind, such as `do/parley-ClientObject`. */
  counts: v.record(v.string(), v.number()),
  files: v.array(
    v.object({ path: v.pipe(v.string(), v.check(isInside)), bytes: v.number(), sha256: v.string() }),
  ),
});

export type Manifest = v.InferOutput<typeof Manifest>;

/** Merges every database of a copy into one file, checks it, and writes the manifest. */
export async function sealBackup(folder: string, at: number): Promise<Manifest> {
  const files: Manifest["files"] = [];
  const counts: Manifest["counts"] = {};
  let tables = "";
  for (const path of (await filesIn(folder)).toSorted()) {
    if (path.endsWith(".sqlite")) {
      checkWhole(path);
      tables = lastMigrationIn(path) ?? tables;
    }
    const name = relative(folder, path).split(sep).join("/");
    const kind = name.split("/").slice(0, 2).join("/");
    if (!name.endsWith("metadata.sqlite")) counts[kind] = (counts[kind] ?? 0) + 1;
    files.push({ path: name, bytes: (await stat(path)).size, sha256: await digestOf(path) });
  }
  const manifest = { format: FORMAT, takenAt: new Date(at).toISOString(), tables, counts, files } as const;
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
  return manifest;
}

/** Throws a `Refusal` for a folder that is no backup, or whose files are missing, changed or new. */
export async function verifiedBackup(folder: string): Promise<Manifest> {
  const manifest = await manifestOf(folder);
  const found = new Set((await filesIn(folder)).map((path) => relative(folder, path).split(sep).join("/")));
  found.delete(MANIFEST);
  for (const { path, sha256 } of manifest.files) {
    if (!found.delete(path)) throw new Refusal(`Not a whole backup: ${join(folder, path)} is missing.`, 1);
    if ((await digestOf(join(folder, path))) !== sha256) {
      throw new Refusal(`Not the backup that was made: ${join(folder, path)} has changed since.`, 1);
    }
  }
  const [more] = found;
  if (more !== undefined) throw new Refusal(`Not the backup that was made: ${join(folder, more)} is new.`, 1);
  return manifest;
}

async function manifestOf(folder: string): Promise<Manifest> {
  const isNone = (why: string) => new Refusal(`${folder} is no finished backup: ${why}.`, 1);
  let text: string;
  try {
    text = await readFile(join(folder, MANIFEST), "utf8");
  } catch {
    throw isNone(`it has no ${MANIFEST}`);
  }
  try {
    return v.parse(Manifest, JSON.parse(text));
  } catch {
    throw isNone(`its ${MANIFEST} is not one of ours`);
  }
}

/** Throws a `Refusal` for a damaged database. Its journal, if any, is merged into it. */
export function checkWhole(path: string): void {
  let found: unknown;
  try {
    const database = new DatabaseSync(path);
    try {
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      [found] = Object.values(database.prepare("PRAGMA integrity_check(1)").get() ?? {});
    } finally {
      database.close();
    }
  } catch (error) {
    found = error instanceof Error ? error.message : error;
  }
  if (found !== "ok") throw new Refusal(`The copy ${path} is damaged: ${found}`, 1);
}

function lastMigrationIn(path: string): string | undefined {
  const database = new DatabaseSync(path);
  try {
    const table = "SELECT 1 FROM sqlite_schema WHERE name = 'd1_migrations'";
    if (database.prepare(table).get() === undefined) return undefined;
    const row = database.prepare("SELECT max(name) AS name FROM d1_migrations").get();
    return row === undefined ? undefined : String(row.name);
  } finally {
    database.close();
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.sqlite-(wal|shm)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
