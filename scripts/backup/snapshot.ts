import { constants, statSync } from "node:fs";
import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { DatabaseSync as Database } from "node:sqlite";
import { isUnfinished } from "../files-folder.ts";
import { backup, DatabaseSync } from "../sqlite.ts";
import type { RunningRuntime } from "./running.ts";

/** Larger files that change continuously are only copied in the last round, in bytes. */
const LARGE = 16_000_000;
/** A change within so many milliseconds counts as continuous. */
const LIVELY = 1_000;
/** A file that was written so recently may change again without a new time, in milliseconds. */
const TICK = 50;
/** Files left for the stopped runtime: some 0.2 ms each. */
const FEW = 100;
/** Rounds of copying files that changed since the last round. */
const ROUNDS = 8;
/** An idle object stays open for ten seconds; a round must end earlier, in milliseconds. */
const ROUND_MAX = 5_000;
const ATTEMPTS = 100;
const PAUSE = 50; // ms between two of them
/** Pages copied at once of a database in use. */
const PAGES = 256;

/** The last write to a database and its journal, as the file system has it. */
interface Stamp {
  text: string;
  /** ms */
  at: number;
  /** In bytes, without the journal. */
  size: number;
  hasJournal: boolean;
}

interface Pinned {
  path: string;
  database: Database;
}

/**
 * A copy of a data folder as of one moment, while a server uses it: the state that a kill of the server at that moment
 * would have left. So the copy does not depend on the meaning of the files.
 *
 * First every file at rest is copied, then the files that changed meanwhile, until few are left. For those the runtime
 * is stopped for some milliseconds, and a read transaction begins on each: SQLite preserves their state while the
 * server writes on. These are copied last.
 */
export class Snapshot {
  readonly #from: string;
  readonly #to: string;
  /** The copied files with their times. */
  readonly #copied = new Map<string, string>();
  /** Files that the last round could not copy unchanged. */
  #left = new Set<string>();

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
  }

  /**
   * @param find the runtime that uses the folder; undefined if there is none
   * @returns how long the runtime was stopped, in milliseconds, and the moment (ms) of the copy
   */
  async take(find: () => RunningRuntime | undefined): Promise<{ stoodStill: number; at: number }> {
    let open = new Set<string>();
    for (let round = 1; ; round++) {
      const start = Date.now();
      const before = new Set(find()?.openFiles());
      await this.#copyChanged();
      const isRunning = find() !== undefined;
      if (!isRunning && this.#left.size === 0) return { stoodStill: 0, at: Date.now() };
      const isQuick = Date.now() - start < ROUND_MAX;
      open = before;
      if (round >= ROUNDS || (isRunning && isQuick && this.#left.size <= FEW)) break;
    }
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#copyTheRest(find(), open);
      } catch (error) {
        if (attempt >= ATTEMPTS) throw error;
        await delay(PAUSE);
      }
    }
  }

  async #copyChanged(): Promise<void> {
    const left = new Set<string>();
    for (const path of await filesIn(this.#from)) {
      const before = stampOf(path);
      if (before === undefined || this.#copied.get(path) === before.text) continue;
      if (before.size > LARGE && Date.now() - before.at < LIVELY) left.add(path);
      else if (!(await this.#copyAsItIs(path, before))) left.add(path);
    }
    this.#left = left;
  }

  /** Whether the file did not change meanwhile. */
  async #copyAsItIs(path: string, before: Stamp): Promise<boolean> {
    const target = await this.#emptyTargetOf(path);
    const isThere = await copied(path, target);
    const hasJournal = await copied(`${path}-wal`, `${target}-wal`);
    if (!isThere || hasJournal !== before.hasJournal || stampOf(path)?.text !== before.text) return false;
    if (Date.now() - before.at <= TICK) return false;
    this.#copied.set(path, before.text);
    return true;
  }

  async #copyTheRest(
    runtime: RunningRuntime | undefined,
    wasOpen: ReadonlySet<string>,
  ): Promise<{ stoodStill: number; at: number }> {
    const pinned: Pinned[] = [];
    const pin = () => {
      for (const path of new Set([...wasOpen, ...this.#left, ...(runtime?.openFiles() ?? [])])) {
        const stamp = stampOf(path);
        if (!isDatabase(path) || stamp === undefined || this.#copied.get(path) === stamp.text) continue;
        pinned.push({ path, database: pinnedAt(path) });
      }
      return Date.now();
    };
    try {
      const { milliseconds, result: at } = runtime?.frozen(pin) ?? { milliseconds: 0, result: pin() };
      for (const { path, database } of pinned) {
        await backup(database, await this.#emptyTargetOf(path), { rate: PAGES });
      }
      // Other files, such as those of uploads, are written once and then only read: an extra copy does no harm. One that
      // was copied before its upload ended is copied again.
      for (const path of await filesIn(this.#from)) {
        if (!isDatabase(path) && this.#copied.get(path) !== stampOf(path)?.text)
          await copied(path, await this.#emptyTargetOf(path));
      }
      return { stoodStill: milliseconds, at };
    } finally {
      for (const { database } of pinned) database.close();
    }
  }

  async #emptyTargetOf(path: string): Promise<string> {
    const target = join(this.#to, relative(this.#from, path));
    await mkdir(dirname(target), { recursive: true });
    for (const suffix of ["", "-wal"]) await rm(target + suffix, { force: true });
    return target;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.sqlite-(wal|shm)$/.test(entry.name) && !isUnfinished(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

function isDatabase(path: string): boolean {
  return path.endsWith(".sqlite");
}

/** Undefined for a file that is gone. */
function stampOf(path: string): Stamp | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (file === undefined) return undefined;
  const journal = statSync(`${path}-wal`, { bigint: true, throwIfNoEntry: false });
  const text = [file, journal].map((stat) => stat && `${stat.ino} ${stat.size} ${stat.mtimeNs}`).join();
  const at = Math.max(Number(file.mtimeMs), Number(journal?.mtimeMs ?? 0));
  return { text, at, size: Number(file.size), hasJournal: journal !== undefined };
}

/** Whether there was such a file. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

/** A read transaction on the current state. Throws if another process holds a lock. */
function pinnedAt(path: string): Database {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    database.exec("BEGIN");
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
