import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { lockDataFolder } from "../data-folder-lock.ts";
import type { AppAt } from "../moving/credentials.ts";
import type { FinishedExport } from "../moving/finished-export.ts";
import { Refusal } from "../options.ts";

const count = v.optional(v.number(), 0);

/** What a stage has done so far. */
const Progress = v.object({
  stage: v.string(),
  /** Rows of the export that were answered, from the first one on. */
  rows: count,
  added: count,
  changed: count,
  kept: count,
  refused: count,
  /** Bytes of the file of refused rows. */
  refusedBytes: count,
  done: v.optional(v.boolean(), false),
});

export type StageProgress = v.InferOutput<typeof Progress>;

/** What the server said to some rows of a kind. */
export interface Answered {
  kind: string;
  rows: number;
  added: number;
  changed: number;
  kept: number;
  refused: RefusedRow[];
}

export interface RefusedRow {
  kind: string;
  why: string;
  /** As it is in the export. */
  row: string;
}

/**
 * How far the import of one export into one server is: a line for each answer, in the order of the rows. After a kill it
 * goes on from there; rows that were sent and not written down are sent again, which does no harm. If something else is
 * left out than before, it begins anew, since rows go in another order then. Rows that the server refused are in a file
 * beside it, each once.
 */
export class ImportJournal {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #refused: FileHandle;
  readonly #stages: Map<string, StageProgress>;
  #refusedBytes: number;

  private constructor(
    folder: string,
    files: { journal: FileHandle; refused: FileHandle },
    stages: Map<string, StageProgress>,
    refusedBytes: number,
  ) {
    this.#folder = folder;
    this.#file = files.journal;
    this.#refused = files.refused;
    this.#stages = stages;
    this.#refusedBytes = refusedBytes;
  }

  /** Throws a `Refusal` (1) while another import into the same server runs, or if the folder cannot be written to. */
  static async open(
    source: FinishedExport,
    { server, appId }: AppAt,
    without: ReadonlySet<string>,
  ): Promise<ImportJournal> {
    const target = createHash("sha256").update(`${server}\n${appId}`).digest("hex").slice(0, 12);
    const folder = join(
      source.path,
      ".import",
      `${new URL(server).hostname.replaceAll(/[^\w.-]/g, "_")}-${target}`,
    );
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Refusal(
        `${folder} cannot be written to (${error instanceof Error ? error.message : error}).`,
        1,
      );
    }
    await lockDataFolder(folder).catch(() => {
      throw new Refusal(`Another import of ${source.path} into ${server} is running.`, 1);
    });
    const path = join(folder, "journal.jsonl");
    const head = JSON.stringify({ export: source.identity, without: [...without].toSorted() });
    const lines = await linesIn(path, head);
    const stages = new Map<string, StageProgress>();
    let refusedBytes = 0;
    for (const line of lines) {
      const progress = v.parse(Progress, JSON.parse(line));
      stages.set(progress.stage, progress);
      refusedBytes = progress.refusedBytes;
    }
    const journal = await open(path, "a", 0o600);
    if (lines.length === 0) {
      await journal.truncate(0);
      await journal.appendFile(`${head}\n`);
    }
    const refused = await open(join(folder, REFUSED), "a", 0o600);
    await refused.truncate(refusedBytes);
    return new ImportJournal(folder, { journal, refused }, stages, refusedBytes);
  }

  /** A working file's path. */
  workPath(name: string): string {
    return join(this.#folder, name);
  }

  get refusedPath(): string {
    return join(this.#folder, REFUSED);
  }

  stage(stage: string): StageProgress {
    return this.#stages.get(stage) ?? v.parse(Progress, { stage });
  }

  stages(): StageProgress[] {
    return [...this.#stages.values()];
  }

  /** Adds what the server said to the next rows, each kind a stage of its own. Calls come one after another. */
  async add(answers: readonly Answered[]): Promise<void> {
    const text = answers
      .flatMap(({ refused }) => refused.map((each) => `${JSON.stringify(each)}\n`))
      .join("");
    if (text !== "") {
      await this.#refused.appendFile(text);
      this.#refusedBytes += Buffer.byteLength(text);
    }
    const changed = new Map<string, StageProgress>();
    for (const { kind, rows, added, changed: updated, kept, refused } of answers) {
      const before = changed.get(kind) ?? this.stage(kind);
      changed.set(kind, {
        ...before,
        rows: before.rows + rows,
        added: before.added + added,
        changed: before.changed + updated,
        kept: before.kept + kept,
        refused: before.refused + refused.length,
        refusedBytes: this.#refusedBytes,
      });
    }
    await this.#write([...changed.values()]);
  }

  async end(stage: string): Promise<void> {
    await this.#write([{ ...this.stage(stage), refusedBytes: this.#refusedBytes, done: true }]);
  }

  /** The import is done: the next one begins anew. What was refused stays there to be read. */
  async finish(): Promise<void> {
    await this.close();
    await rm(this.workPath("journal.jsonl"), { force: true });
    if (this.#refusedBytes === 0) await rm(this.#folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#refused.close();
  }

  async #write(stages: readonly StageProgress[]): Promise<void> {
    await this.#file.appendFile(stages.map((each) => `${JSON.stringify(each)}\n`).join(""));
    for (const each of stages) this.#stages.set(each.stage, each);
  }
}

const REFUSED = "refused.jsonl";

/** The whole lines of a journal with this head, cut to them; none of another one's. */
async function linesIn(path: string, head: string): Promise<string[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length) await truncate(path, Buffer.byteLength(text.slice(0, end)));
  const [first, ...lines] = text.slice(0, end).split("\n").filter(Boolean);
  return first === head ? lines : [];
}
