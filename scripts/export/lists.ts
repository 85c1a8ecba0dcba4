import * as v from "valibot";
import { Refused } from "../moving/failures.ts";
import type { Skipped } from "../moving/format.ts";
import { conversationsOf, type Target } from "./conversations.ts";
import type { Job } from "./job.ts";
import { type List, lists, pagesOf } from "./list-pages.ts";
import type { Row } from "./rows.ts";

/** Conversations that are asked about at the same time. */
const AT_ONCE = 4;
/** Groups of conversations with empty lists are written down together. */
const COMMIT_EVERY = 20;
/** Rows of a long list that are written down together. */
const COMMIT_ROWS = 1000;
/** If the first conversations all are refused, the app does not have the feature. */
const REFUSALS_MAX = 3;

export const LISTS = lists.map(({ name }) => name);

const State = v.object({
  /** Conversations that are done. */
  at: v.optional(v.number(), 0),
  /** Where the list of the next one goes on. */
  next: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
  answered: v.optional(v.number(), 0),
  refused: v.optional(v.number(), 0),
});

type State = v.InferOutput<typeof State>;

/** One of the lists, conversation by conversation. */
export async function exportList(job: Job, name: string): Promise<void> {
  const list = lists.find((each) => each.name === name);
  if (list === undefined) throw new Error(`there is no list ${name}`);
  await new ListExport(job, list).run();
}

class ListExport {
  readonly #job: Job;
  readonly #list: List;
  readonly #stage: string;
  #state: State = { at: 0, answered: 0, refused: 0 };
  /** Groups since the last one that was written down. */
  #quiet = 0;

  constructor(job: Job, list: List) {
    this.#job = job;
    this.#list = list;
    this.#stage = `lists/${list.name}`;
  }

  async run(): Promise<void> {
    const { folder, progress } = this.#job;
    const begun = folder.stage(this.#stage);
    if (begun?.done) return;
    this.#state = v.parse(State, begun?.state ?? {});
    progress.begin(this.#stage, folder.count(this.#stage), this.#share());
    const size = this.#list.isLong ? 1 : AT_ONCE;
    for await (const { targets, end } of groupsOf(folder, this.#list.kinds, this.#state.at, size)) {
      const results = await Promise.all(targets.map((target) => this.#rowsOf(target)));
      const refusals = results.flatMap((each) => (each instanceof Refused ? [each] : []));
      const rows = results.flatMap((each) => (each instanceof Refused ? [] : each));
      const { answered, refused } = this.#state;
      this.#state = {
        at: end,
        answered: answered + results.length - refusals.length,
        refused: refused + refusals.length,
      };
      const skipped = refusals.map(({ reason }) => ({ what: this.#stage, why: reason, count: 1 }));
      if (rows.length + skipped.length > 0 || ++this.#quiet >= COMMIT_EVERY)
        await this.#commit(rows, skipped);
      if (this.#state.answered === 0 && this.#state.refused >= REFUSALS_MAX) break;
    }
    await folder.commit(this.#stage, { state: this.#state, done: true });
    progress.end(folder.count(this.#stage));
  }

  /** A conversation's list, or its last rows if it is long; or why the server refuses it. */
  async #rowsOf(target: Target): Promise<Row[] | Refused> {
    let rows: Row[] = [];
    try {
      for await (const page of pagesOf(this.#job.source, this.#list, target, this.#state.next ?? {})) {
        rows.push(...page.rows);
        if (!this.#list.isLong || rows.length < COMMIT_ROWS || page.next === undefined) continue;
        this.#state = v.parse(State, { ...this.#state, next: page.next });
        await this.#commit(rows, []);
        rows = [];
      }
      return rows;
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  async #commit(rows: Row[], skipped: Skipped[]): Promise<void> {
    const { folder, progress } = this.#job;
    this.#quiet = 0;
    const batches = [{ kind: this.#stage, rows }];
    await folder.commit(this.#stage, { batches, state: this.#state, skipped });
    progress.advance(folder.count(this.#stage), this.#share());
  }

  #share(): number {
    const total = this.#job.folder.count("classes/_Conversation");
    return total === 0 ? 1 : this.#state.at / total;
  }
}

/** Conversations of these kinds, some at a time, from a place in their order on. */
async function* groupsOf(
  folder: Job["folder"],
  kinds: Target["kind"][],
  from: number,
  size: number,
): AsyncGenerator<{ targets: Target[]; end: number }> {
  let [targets, end]: [Target[], number] = [[], 0];
  for await (const target of conversationsOf(folder)) {
    end += 1;
    if (end <= from || !kinds.includes(target.kind)) continue;
    targets.push(target);
    if (targets.length < size) continue;
    yield { targets, end };
    targets = [];
  }
  if (targets.length > 0) yield { targets, end };
}
