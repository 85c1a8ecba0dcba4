import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { whyNot } from "../data-folder.ts";
import { lockDataFolder } from "../data-folder-lock.ts";
import { digestOf } from "../moving/digest.ts";
import { MANIFEST, type Manifest, type Part, type Skipped } from "../moving/format.ts";
import { linesOfFile } from "../moving/lines.ts";
import { Refusal } from "../options.ts";
import { Journal, type PartState, type StageState } from "./journal.ts";
import type { Row } from "./rows.ts";

/** Working files, removed when the export is whole. */
const WORK = ".export";

/** Rows of one kind. */
export interface Batch {
  kind: string;
  rows: Row[];
}

/** A step of a stage: its rows, and where to go on from. */
export interface Step {
  batches?: Batch[];
  state?: unknown;
  done?: boolean;
  skipped?: Skipped[];
}

/** The folder of an export while it is written. Parts have what the journal says, whenever the process is killed. */
export class ExportFolder {
  readonly path: string;
  readonly #journal: Journal;
  readonly #partBytes: number;
  /** The last part of each kind. */
  readonly #open = new Map<string, { file: FileHandle; path: string }>();

  private constructor(path: string, journal: Journal, partBytes: number) {
    this.path = path;
    this.#journal = journal;
    this.#partBytes = partBytes;
  }

  /**
   * Creates the folder, or goes on with what is there. Throws a `Refusal` (1) for a folder of something else.
   *
   * @param partBytes a part that has as much is followed by a new one
   * @returns "whole" if the folder has an export already
   */
  static async open(path: string, identity: string, partBytes: number): Promise<ExportFolder | "whole"> {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Refusal(`The folder ${path} ${whyNot(error)}.`, 1);
    }
    await lockDataFolder(path).catch(() => {
      throw new Refusal(`Another export is writing to ${path}.`, 1);
    });
    const names = await readdir(path);
    if (names.includes(MANIFEST)) {
      await rm(join(path, WORK), { recursive: true, force: true });
      return "whole";
    }
    if (names.length > 0 && !names.includes(WORK)) {
      throw new Refusal(`${path} is not empty: nothing is written over. Name a new folder.`, 1);
    }
    const folder = new ExportFolder(
      path,
      await Journal.open(join(path, WORK, "journal.jsonl"), identity),
      partBytes,
    );
    await folder.#cutBack();
    return folder;
  }

  get startedAt(): string {
    return this.#journal.startedAt;
  }

  /** What a stage has done so far; undefined if it has not begun. */
  stage(name: string): StageState | undefined {
    return this.#journal.stages.get(name);
  }

  /** A working file's path. */
  workPath(name: string): string {
    return join(this.path, WORK, name);
  }

  /** Writes rows and then the step: after a kill there are both, or neither. */
  async commit(stage: string, { batches = [], state, done, skipped }: Step): Promise<void> {
    const parts: PartState[] = [];
    for (const { kind, rows } of batches) {
      if (rows.length > 0) parts.push(await this.#append(kind, rows));
    }
    await this.#journal.append({ stage, state, done, parts, skipped });
  }

  /** Throws away rows of a stage, which begins anew, from a state if there is one. */
  async restart(stage: string, kinds: string[], { state, skipped }: Step = {}): Promise<void> {
    const paths = [...this.#journal.parts.values()].filter(({ kind }) => kinds.includes(kind));
    await this.#journal.append({ stage, dropped: kinds, state, skipped });
    for (const kind of kinds) {
      await this.#open.get(kind)?.file.close();
      this.#open.delete(kind);
    }
    for (const { path } of paths) await rm(join(this.path, path), { force: true });
  }

  /** The texts of a kind's rows, in the order they were written. */
  async *rows(kind: string): AsyncGenerator<string> {
    for (const part of this.partsOf(kind)) yield* this.rowsOfPart(part);
  }

  rowsOfPart({ path, bytes }: PartState): AsyncGenerator<string> {
    return linesOfFile(join(this.path, path), bytes);
  }

  partsOf(kind: string): PartState[] {
    return [...this.#journal.parts.values()].filter((part) => part.kind === kind);
  }

  kinds(): string[] {
    return [...new Set([...this.#journal.parts.values()].map(({ kind }) => kind))].toSorted();
  }

  count(kind: string): number {
    return this.partsOf(kind).reduce((sum, { rows }) => sum + rows, 0);
  }

  skipped(): Skipped[] {
    return [...this.#journal.stages.values()].flatMap(({ skipped }) => [...skipped.values()]);
  }

  /** Writes the manifest, by which the export is whole, and removes the working files. */
  async seal(
    rest: Omit<Manifest, "parts" | "totals" | "skipped" | "startedAt" | "finishedAt">,
  ): Promise<Manifest> {
    const parts: Part[] = [];
    for (const kind of this.kinds()) {
      for (const part of this.partsOf(kind)) {
        parts.push({ ...part, sha256: await digestOf(join(this.path, part.path)) });
      }
    }
    const totals = Object.fromEntries(this.kinds().map((kind) => [kind, this.count(kind)]));
    const [startedAt, finishedAt] = [this.startedAt, new Date().toISOString()];
    const manifest = { ...rest, startedAt, finishedAt, totals, parts, skipped: this.skipped() };
    await this.close();
    const draft = this.workPath(MANIFEST);
    await writeFile(draft, `${JSON.stringify(manifest, null, 1)}\n`, { mode: 0o600, flush: true });
    await rename(draft, join(this.path, MANIFEST));
    await rm(join(this.path, WORK), { recursive: true, force: true });
    return manifest;
  }

  async close(): Promise<void> {
    for (const { file } of this.#open.values()) await file.close();
    this.#open.clear();
    await this.#journal.close();
  }

  /** Makes the parts what the journal says. */
  async #cutBack(): Promise<void> {
    const known = this.#journal.parts;
    for (const path of await partsIn(this.path)) if (!known.has(path)) await rm(join(this.path, path));
    for (const { path, bytes } of known.values()) {
      const file = join(this.path, path);
      const { size } = await stat(file).catch(() => ({ size: -1 }));
      if (size < bytes) throw new Refusal(`${file} was changed or removed. Begin again in a new folder.`, 1);
      if (size > bytes) await truncate(file, bytes);
    }
  }

  async #append(kind: string, rows: Row[]): Promise<PartState> {
    const text = Buffer.from(`${rows.map((row) => row.text).join("\n")}\n`);
    const part = await this.#partFor(kind);
    await part.file.write(text, 0, text.length, part.state.bytes);
    await part.file.datasync();
    const times = rows.flatMap(({ at }) => at ?? []);
    const { oldest, newest } = part.state;
    return {
      ...part.state,
      rows: part.state.rows + rows.length,
      bytes: part.state.bytes + text.length,
      oldest: leastOf(oldest === undefined ? times : [oldest, ...times]),
      newest: greatestOf(newest === undefined ? times : [newest, ...times]),
    };
  }

  async #partFor(kind: string): Promise<{ file: FileHandle; state: PartState }> {
    const parts = this.partsOf(kind);
    const last = parts.at(-1);
    if (last !== undefined && last.bytes < this.#partBytes) {
      const opened = this.#open.get(kind);
      if (opened?.path === last.path) return { file: opened.file, state: last };
      return { file: await this.#openPart(kind, last.path), state: last };
    }
    const path = `${kind}.${String(parts.length + 1).padStart(5, "0")}.jsonl`;
    await mkdir(dirname(join(this.path, path)), { recursive: true, mode: 0o700 });
    return { file: await this.#openPart(kind, path), state: { kind, path, rows: 0, bytes: 0 } };
  }

  async #openPart(kind: string, path: string): Promise<FileHandle> {
    await this.#open.get(kind)?.file.close();
    // Without `O_TRUNC` and `O_APPEND`: rows are written at a known place.
    const file = await open(join(this.path, path), "a", 0o600).then(async (created) => {
      await created.close();
      return open(join(this.path, path), "r+");
    });
    this.#open.set(kind, { file, path });
    return file;
  }
}

/** The parts in a folder, by their paths in it. */
async function partsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const found = names.filter((name) => name.endsWith(".jsonl"));
  for (const name of names.filter((each) => ["classes", "lists", "odd"].includes(each))) {
    found.push(...(await readdir(join(folder, name))).map((inner) => `${name}/${inner}`));
  }
  return found;
}

function leastOf(times: number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((least, each) => Math.min(least, each));
}

function greatestOf(times: number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((greatest, each) => Math.max(greatest, each));
}
