import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sweepEmptyObjects } from "../../../scripts/empty-objects.ts";
import { DatabaseSync } from "../../../scripts/sqlite.ts";

/** What a start on a single machine does with files of objects in which nothing was ever kept. */

const NOW = Date.now();
const TWO_DAYS = 2 * 24 * 60 * 60 * 1000;

let root: string;
let clients: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-empty-"));
  clients = join(root, "do", "parley-ClientObject");
  await mkdir(clients, { recursive: true });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** As workerd leaves it: the first page in the file, all else in the log beside it, of an object that died. */
async function object(name: string, statements: string, age = TWO_DAYS): Promise<void> {
  const path = join(root, `${name}.making`);
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  if (statements !== "") database.exec(statements);
  const then = new Date(NOW - age);
  for (const beside of ["", "-wal", "-shm"]) {
    await copyFile(path + beside, join(clients, name + beside)).catch(() => {});
    await utimes(join(clients, name + beside), then, then).catch(() => {});
  }
  database.close();
}

test("empty object files that were unused for a day are removed, with the files beside them", async () => {
  await object("empty.sqlite", "");
  await object("another.sqlite", "");
  expect(await sweepEmptyObjects(root, NOW)).toBe(2);
  expect(await readdir(clients)).toEqual([]);
});

test("an object file with a table stays, even if the table is in the log alone", async () => {
  const table = "CREATE TABLE standing (id INTEGER PRIMARY KEY); INSERT INTO standing VALUES (1)";
  await object("logged.sqlite", table);
  await object("checkpointed.sqlite", `${table}; PRAGMA wal_checkpoint(TRUNCATE)`);
  expect(await sweepEmptyObjects(root, NOW)).toBe(0);
  const kept = new DatabaseSync(join(clients, "logged.sqlite"));
  expect(kept.prepare("SELECT id FROM standing").all()).toMatchObject([{ id: 1 }]);
  kept.close();
  expect(await readdir(clients)).toEqual(expect.arrayContaining(["logged.sqlite", "checkpointed.sqlite"]));
});

test("younger and damaged object files stay, and so do the list of alarms and other files", async () => {
  await object("young.sqlite", "", 60_000);
  await object("metadata.sqlite", "");
  await writeFile(join(clients, "damaged.sqlite"), "x".repeat(4096));
  await utimes(join(clients, "damaged.sqlite"), new Date(NOW - TWO_DAYS), new Date(NOW - TWO_DAYS));
  await mkdir(join(root, "d1", "miniflare"), { recursive: true });
  await writeFile(join(root, "d1", "miniflare", "empty.sqlite"), "");
  expect(await sweepEmptyObjects(root, NOW)).toBe(0);
  expect(await readdir(clients)).toEqual(
    expect.arrayContaining(["young.sqlite", "metadata.sqlite", "damaged.sqlite"]),
  );
});

test("a missing folder of objects is ignored", async () => {
  expect(await sweepEmptyObjects(join(root, "nowhere"), NOW)).toBe(0);
});
