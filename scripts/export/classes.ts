import * as v from "valibot";
import { Refused, stoppedBy } from "../moving/failures.ts";
import { ClassRow, type Skipped } from "../moving/format.ts";
import { exportByArchive } from "./class-archive.ts";
import { type ClassPage, countRows, queryPaths, readPage } from "./class-pages.ts";
import type { Job } from "./job.ts";
import { Recent } from "./recent.ts";
import { checked, type Row } from "./rows.ts";
import { missingSecrets } from "./user-secrets.ts";

/** The classes that belong to messaging. */
export const CLASSES = [
  "_Conversation",
  "_ConversationMemberInfo",
  "_Installation",
  "_User",
  "_File",
  "_SysMessage",
] as const;

/** `_Conversation` is always read as a whole: whether a new message alone counts as a change is not documented. */
const ALWAYS_WHOLE = "_Conversation";
/** LeanCloud's code for a class that does not exist. */
const NO_SUCH_CLASS = 101;
/** What an export says then. */
export const NO_SUCH_CLASS_TOLD = "the app has no such class";
/** No conditions. */
const NONE = {};
/** Empty pages in a row before a scan counts as broken. */
const EMPTY_MAX = 20;

/** Ways to read a class; `archive` is LeanCloud's own export. */
const WAYS = ["scan", "query", "archive"] as const;

type Way = (typeof WAYS)[number];

/**
 * Rows come in the order of their ids. `last` is the last one; with `skips`, a scan that lost its cursor began again,
 * and passes over what the export has.
 */
const State = v.object({
  by: v.picklist(WAYS),
  cursor: v.optional(v.string()),
  last: v.optional(v.string()),
  skips: v.optional(v.boolean(), false),
  /** Rows that queries have brought, where the server pages by number alone. */
  skip: v.optional(v.number()),
  /** Whether all rows are asked for, since the server does not tell which changed. */
  isWhole: v.optional(v.boolean(), false),
  /** Whether ids came out of order: then a scan that lost its cursor starts from nothing. */
  isUnordered: v.optional(v.boolean(), false),
});

type State = v.InferOutput<typeof State>;

/** Exports one class: by scan, or where that is refused by queries, or else by LeanCloud's own export. */
export class ClassExport {
  readonly #job: Job;
  readonly #name: string;
  readonly #kind: string;
  readonly #ways: Way[];
  /** The condition for what changed; none where everything is wanted. */
  readonly #changes: object;
  readonly #refusals: Refused[] = [];
  #recent = new Recent();
  #state: State = { by: "scan", skips: false, isWhole: false, isUnordered: false };
  #total: number | undefined;

  /** @param first the way that is tried first; usually queries for files, which have their `url` only there */
  constructor(job: Job, name: string, first: Way = name === "_File" ? "query" : "scan") {
    this.#job = job;
    this.#name = name;
    this.#ways = [first, ...WAYS.filter((way) => way !== first)];
    this.#kind = `classes/${name}`;
    const isWhole = job.since === undefined || name === ALWAYS_WHOLE;
    this.#changes = isWhole ? NONE : { updatedAt: { $gte: { __type: "Date", iso: job.since?.rowsFrom } } };
  }

  async run(): Promise<void> {
    const { folder, progress } = this.#job;
    const kind = this.#kind;
    const begun = folder.stage(kind);
    if (begun?.done) return;
    this.#state = v.parse(State, begun?.state ?? { by: this.#ways[0] });
    this.#recent = await Recent.of(folder, kind, readRow);
    this.#total = await countRows(this.#job.source, this.#name, this.#conditions);
    progress.begin(kind, folder.count(kind), this.#share());
    if (!(await this.#isDoneByAnyWay())) {
      // A server that cannot tell what changed may still give everything.
      this.#state = v.parse(State, { by: this.#ways[0], isWhole: true });
      await this.#isDoneByAnyWay();
    }
    if (this.#name === "_User") {
      const skipped = await missingSecrets(folder, kind);
      await folder.commit(kind, { state: this.#state, done: true, skipped });
    }
    progress.end(folder.count(kind));
  }

  /** Whether the class is done with; if not, it may be had as a whole. */
  async #isDoneByAnyWay(): Promise<boolean> {
    for (const by of this.#ways.slice(this.#ways.indexOf(this.#state.by))) {
      if (this.#state.isUnordered && by !== this.#state.by) await this.#fromNothing();
      if (by !== this.#state.by) this.#state = { ...this.#state, by, cursor: undefined };
      if (await this.#isDone()) return true;
    }
    return false;
  }

  /** Whether the class is done with, this way; if not, the next way may do. */
  async #isDone(): Promise<boolean> {
    const { by } = this.#state;
    try {
      if (by === "scan") await this.#scan();
      else if (by === "query") await this.#query();
      else await this.#askForArchive();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refusals.push(error);
      const isAbsent = this.#refusals.some(({ code }) => code === NO_SUCH_CLASS);
      if (by !== this.#ways.at(-1) && !isAbsent) return false;
      if (this.#job.folder.count(this.#kind) > 0) throw stoppedBy(error);
      if (!isAbsent && this.#conditions !== NONE) return false;
      const why = isAbsent ? NO_SUCH_CLASS_TOLD : this.#refusals.map(({ message }) => message).join("; ");
      await this.#commit([], true, [{ what: this.#kind, why, count: 1 }]);
      return true;
    }
  }

  async #scan(): Promise<void> {
    const path = `/1.1/scan/classes/${this.#name}`;
    for (let empty = 0; empty < EMPTY_MAX; ) {
      const { cursor } = this.#state;
      let page: ClassPage;
      try {
        page = await readPage(this.#job.source, path, this.#conditions, { cursor });
      } catch (error) {
        if (!(error instanceof Refused) || cursor === undefined) throw error;
        // A cursor lives ten minutes: after a longer pause the scan begins again.
        if (this.#state.isUnordered) await this.#fromNothing();
        this.#state = { ...this.#state, cursor: undefined, skips: this.#state.last !== undefined };
        continue;
      }
      this.#state = { ...this.#state, cursor: page.cursor };
      await this.#take(page.rows, page.cursor === undefined);
      if (page.cursor === undefined) return;
      empty = page.rows.length === 0 ? empty + 1 : 0;
    }
    throw new Refused(path, 200, { code: undefined, error: "empty pages without end" });
  }

  async #query(): Promise<void> {
    const paths = queryPaths(this.#name);
    for (let at = 0; at < paths.length; ) {
      try {
        if (await this.#queryPage(paths[at] ?? "")) return;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const { last, skip } = this.#state;
        // A Parley's users have no comparison of ids.
        const canSkip = last !== undefined && skip === undefined;
        if (canSkip) this.#state = { ...this.#state, skip: this.#job.folder.count(this.#kind) };
        else if (++at === paths.length) throw error;
        this.#refusals.push(error);
      }
    }
  }

  /** Whether this was the last page: one may be shorter than asked for, and not be the last. */
  async #queryPage(path: string): Promise<boolean> {
    const { last, skip } = this.#state;
    const place = skip === undefined && last !== undefined ? { objectId: { $gt: last } } : {};
    const conditions = { ...this.#conditions, ...place };
    const page = await readPage(this.#job.source, path, conditions, { order: "objectId", skip });
    const isLast = page.rows.length === 0;
    if (skip !== undefined) this.#state = { ...this.#state, skip: skip + page.rows.length };
    await this.#take(page.rows, isLast);
    if (this.#state.isUnordered)
      throw new Refused(path, 200, { code: undefined, error: "rows out of order" });
    return isLast;
  }

  async #askForArchive(): Promise<void> {
    await exportByArchive(this.#job, this.#name, {
      begin: () => this.#fromNothing(),
      take: (texts) => this.#take(texts, false),
    });
    await this.#take([], true);
  }

  async #fromNothing(): Promise<void> {
    await this.#job.folder.restart(this.#kind, [this.#kind, this.#oddKind]);
    this.#recent = new Recent();
    this.#state = { ...this.#state, cursor: undefined, last: undefined, skips: false };
  }

  /** Keeps new rows, and where to go on. */
  async #take(texts: string[], isLast: boolean): Promise<void> {
    const state = { ...this.#state };
    const rows: Row[] = [];
    const odd: Row[] = [];
    for (const text of texts) {
      const check = checked(this.#kind, ClassRow, text);
      const key = check.isOdd ? text : check.value.objectId;
      if (this.#recent.has(key) || (check.isOdd && state.skips)) continue;
      if (check.isOdd) {
        odd.push(check.row);
      } else {
        const isEarlier = state.last !== undefined && key <= state.last;
        if (isEarlier && state.skips) continue;
        if (isEarlier) state.isUnordered = true;
        state.last = key;
        state.skips = false;
        rows.push(check.row);
      }
      this.#recent.add(key);
    }
    this.#state = state;
    await this.#commit([rows, odd], isLast, isLast ? this.#missing(rows.length + odd.length) : []);
  }

  async #commit([rows, odd]: Row[][], done: boolean, skipped: Skipped[]): Promise<void> {
    const { folder, progress } = this.#job;
    const batches = [
      { kind: this.#kind, rows: rows ?? [] },
      { kind: this.#oddKind, rows: odd ?? [] },
    ];
    await folder.commit(this.#kind, { batches, state: this.#state, done, skipped });
    progress.advance(folder.count(this.#kind), this.#share());
  }

  /** What the server's own count has more. */
  #missing(more: number): Skipped[] {
    const { folder } = this.#job;
    const have = folder.count(this.#kind) + folder.count(this.#oddKind) + more;
    if (this.#total === undefined || have >= this.#total) return [];
    return [{ what: this.#kind, why: "the server counts more rows than it gave", count: this.#total - have }];
  }

  get #conditions(): object {
    return this.#state.isWhole ? NONE : this.#changes;
  }

  get #oddKind(): string {
    return `odd/${this.#name}`;
  }

  #share(): number | undefined {
    if (this.#total === undefined) return undefined;
    return this.#total === 0 ? 1 : this.#job.folder.count(this.#kind) / this.#total;
  }
}

function readRow(text: string): { key: string } | undefined {
  const row = v.safeParse(ClassRow, JSON.parse(text));
  return row.success ? { key: row.output.objectId } : undefined;
}
