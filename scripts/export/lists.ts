import * as v from "valibot";
import { SubscriberRow } from "../moving/format.ts";
import { conversationsOf, pathFor, type Target } from "./conversations.ts";
import { Refused } from "./failures.ts";
import type { Job } from "./job.ts";
import { Recent } from "./recent.ts";
import { checked, type Row, rowOf } from "./rows.ts";
import type { Answer, Query, Source } from "./source.ts";

/** Conversations that are asked about at the same time. */
const AT_ONCE = 4;
/** Groups of conversations with empty lists are written down together. */
const COMMIT_EVERY = 20;
/** If the first conversations all are refused, the app does not have the feature. */
const REFUSALS_MAX = 3;
/** How many times a page is asked for again that brings nothing new. */
const REPEATS_MAX = 4;

/** A list that every conversation of some kinds has. */
interface List {
  name: string;
  kinds: Target["kind"][];
  pathFor(target: Target): string;
  /** Rows of a page, and the parameters of the next one; undefined where it was the last. */
  read(target: Target, answer: Answer): { rows: Row[]; next: Query | undefined };
  limit: number;
}

const Clients = v.object({
  client_ids: v.array(v.string()),
  next: v.nullish(v.union([v.string(), v.number()])),
});

const clientsOf = (kind: string): List["read"] => {
  return (target, { value }) => {
    const { client_ids: ids, next } = v.parse(Clients, value);
    const rows = ids.filter(Boolean).map((id) => rowOf(kind, { conv_id: target.id, client_id: id }));
    return { rows, next: next === null || next === undefined || next === "" ? undefined : { next } };
  };
};

const lists: List[] = [
  {
    name: "subscribers",
    kinds: ["service-conversations"],
    pathFor: (target) => pathFor(target, "subscribers"),
    limit: 50,
    read: (_, { rows }) => {
      const found = rows.map((text) => checked("lists/subscribers", SubscriberRow, text));
      const last = found.findLast((each) => !each.isOdd);
      const next = last === undefined || last.isOdd ? undefined : { client_id: last.value.subscriber };
      return { rows: found.flatMap((each) => (each.isOdd ? [] : [each.row])), next };
    },
  },
  {
    name: "broadcasts",
    kinds: ["service-conversations"],
    pathFor: () => "/1.2/rtm/broadcasts",
    limit: 100,
    read: ({ id }, { rows }) => {
      const found = rows.map((text) =>
        rowOf("lists/broadcasts", { ...v.parse(Loose, JSON.parse(text)), conv_id: id }),
      );
      return { rows: found, next: rows.length === 0 ? undefined : {} };
    },
  },
  {
    name: "blacklists",
    kinds: ["conversations", "chatrooms", "service-conversations"],
    pathFor: (target) => pathFor(target, "blacklists"),
    limit: 500,
    read: clientsOf("lists/blacklists"),
  },
  {
    name: "silences",
    kinds: ["conversations", "chatrooms"],
    pathFor: (target) => pathFor(target, "permanent-silenceds"),
    limit: 500,
    read: clientsOf("lists/silences"),
  },
];

const Loose = v.looseObject({});

export const LISTS = lists.map(({ name }) => name);

const State = v.object({
  at: v.optional(v.number(), 0),
  answered: v.optional(v.number(), 0),
  refused: v.optional(v.number(), 0),
});

/** One of the lists, conversation by conversation. */
export async function exportList({ source, folder, progress }: Job, name: string): Promise<void> {
  const list = lists.find((each) => each.name === name);
  if (list === undefined) throw new Error(`there is no list ${name}`);
  const stage = `lists/${name}`;
  const begun = folder.stage(stage);
  if (begun?.done) return;
  let [state, quiet] = [v.parse(State, begun?.state ?? {}), 0];
  const total = folder.count("classes/_Conversation");
  const share = () => (total === 0 ? 1 : state.at / total);
  progress.begin(stage, folder.count(stage), share());
  for await (const { targets, end } of groupsOf(folder, list.kinds, state.at)) {
    const results = await Promise.all(targets.map((target) => whole(source, list, target)));
    const refusals = results.flatMap((each) => (each instanceof Refused ? [each] : []));
    const rows = results.flatMap((each) => (each instanceof Refused ? [] : each));
    const refused = state.refused + refusals.length;
    const answered = state.answered + results.length - refusals.length;
    state = { at: end, answered, refused };
    const isMissing = answered === 0 && refused >= REFUSALS_MAX;
    const skipped = refusals.map(({ message }) => ({ what: stage, why: message, count: 1 }));
    const isNews = rows.length + skipped.length > 0 || ++quiet % COMMIT_EVERY === 0;
    if (isNews)
      await folder.commit(stage, { batches: [{ kind: stage, rows }], state, skipped, done: isMissing });
    progress.advance(folder.count(stage), share());
    if (isMissing) break;
  }
  if (!folder.stage(stage)?.done) await folder.commit(stage, { state, done: true });
  progress.end(folder.count(stage));
}

/** Conversations of these kinds, some at a time, from a place in their order on. */
async function* groupsOf(
  folder: Job["folder"],
  kinds: Target["kind"][],
  from: number,
): AsyncGenerator<{ targets: Target[]; end: number }> {
  let [targets, end]: [Target[], number] = [[], 0];
  for await (const target of conversationsOf(folder)) {
    end += 1;
    if (end <= from || !kinds.includes(target.kind)) continue;
    targets.push(target);
    if (targets.length < AT_ONCE) continue;
    yield { targets, end };
    targets = [];
  }
  if (targets.length > 0) yield { targets, end };
}

/** A conversation's whole list, page by page; or why the server refuses it. */
async function whole(source: Source, list: List, target: Target): Promise<Row[] | Refused> {
  const all: Row[] = [];
  const recent = new Recent();
  const path = list.pathFor(target);
  let next: Query = {};
  try {
    for (let repeats = 0; repeats <= REPEATS_MAX; ) {
      const own = list.name === "broadcasts" ? { conv_id: target.id, skip: all.length } : {};
      const page = list.read(target, await source.page(path, { ...own, ...next }, list.limit));
      const fresh = page.rows.filter(({ text }) => !recent.has(text));
      for (const row of fresh) recent.add(row.text);
      all.push(...fresh);
      if (page.next === undefined) break;
      repeats = fresh.length > 0 ? 0 : repeats + 1;
      next = page.next;
    }
    return all;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}
