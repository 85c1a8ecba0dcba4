import { type FileHandle, mkdir, open, readFile, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { Skipped } from "../moving/format.ts";
import { Refusal } from "../options.ts";

/** A part of the export while it is written. */
const PartState = v.object({
  kind: v.string(),
  path: v.string(),
  rows: v.number(),
  bytes: v.number(),
  oldest: v.optional(v.number()),
  newest: v.optional(v.number()),
});

export type PartState = v.InferOutput<typeof PartState>;

/** What one step has done: its rows are on disk before its entry is. */
const Entry = v.object({
  stage: v.string(),
  /** Where the stage goes on; its own form. */
  state: v.optional(v.unknown()),
  done: v.optional(v.boolean(), false),
  /** Parts with new rows, as they are now. */
  parts: v.optional(v.array(PartState), []),
  skipped: v.optional(v.array(Skipped), []),
  /** Kinds of rows that are thrown away, since the stage begins anew. */
  dropped: v.optional(v.array(v.string()), []),
});

export type Entry = v.InferInput<typeof Entry>;

const Head = v.object({ identity: v.string(), startedAt: v.string() });

/** The state of one stage, as the entries left it. */
export interface StageState {
  state: unknown;
  done: boolean;
  skipped: Map<string, Skipped>;
}

/**
 * The record of an export under way: one line for each step, appended in one write. After a kill its last whole line
 * says what the export has; what the parts have beyond that is cut off, and fetched again.
 */
export class Journal {
  readonly startedAt: string;
  readonly parts = new Map<string, PartState>();
  readonly stages = new Map<string, StageState>();
  readonly #file: FileHandle;

  private constructor(file: FileHandle, startedAt: string) {
    this.#file = file;
    this.startedAt = startedAt;
  }

  /**
   * Opens the journal, or begins one. Throws a `Refusal` (1) if it is that of another export.
   *
   * @param identity what the export is made of: an export goes on with the same alone
   */
  static async open(path: string, identity: string): Promise<Journal> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const text = await readFile(path, "utf8").catch(() => "");
    const end = text.lastIndexOf("\n") + 1;
    if (end < text.length) await truncate(path, Buffer.byteLength(text.slice(0, end)));
    const [first, ...lines] = text.slice(0, end).split("\n").filter(Boolean);
    const file = await open(path, "a", 0o600);
    if (first === undefined) {
      const head = { identity, startedAt: new Date().toISOString() };
      await file.appendFile(`${JSON.stringify(head)}\n`);
      return new Journal(file, head.startedAt);
    }
    const head = parsed(Head, first, path);
    if (head.identity !== identity) {
      await file.close();
      throw new Refusal(
        `The folder has the beginning of another export (${head.identity}; now it is ${identity}). Name a new folder.`,
        1,
      );
    }
    const journal = new Journal(file, head.startedAt);
    for (const line of lines) journal.#apply(parsed(Entry, line, path));
    return journal;
  }

  /** The next step's entry. */
  async append(entry: Entry): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(entry)}\n`);
    this.#apply(v.parse(Entry, entry));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #apply(entry: v.InferOutput<typeof Entry>): void {
    const isNew = entry.dropped.length > 0;
    for (const [path, { kind }] of this.parts) if (entry.dropped.includes(kind)) this.parts.delete(path);
    for (const part of entry.parts) this.parts.set(part.path, part);
    const skipped = isNew ? new Map<string, Skipped>() : (this.stages.get(entry.stage)?.skipped ?? new Map());
    for (const each of entry.skipped) {
      const key = `${each.what}\n${each.why}`;
      skipped.set(key, { ...each, count: each.count + (skipped.get(key)?.count ?? 0) });
    }
    this.stages.set(entry.stage, { state: entry.state, done: entry.done, skipped });
  }
}

/** Throws a `Refusal` (1) for a line that no export wrote. */
function parsed<Schema extends v.GenericSchema>(
  schema: Schema,
  line: string,
  path: string,
): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(line));
  } catch {
    throw new Refusal(`${path} is damaged, or of another version. Begin again in a new folder.`, 1);
  }
}
