import * as v from "valibot";
import { SubscriberRow } from "../moving/format.ts";
import { pathFor, type Target } from "./conversations.ts";
import { Recent } from "./recent.ts";
import { checked, type Row, rowOf } from "./rows.ts";
import type { Answer, Query, Source } from "./source.ts";

/** How many times a page is asked for again that brings nothing new. */
const REPEATS_MAX = 4;

/** A list that every conversation of some kinds has. */
export interface List {
  name: string;
  kinds: Target["kind"][];
  pathFor(target: Target): string;
  /** Rows of a page, and the parameters of the next one; undefined where it was the last. */
  read(target: Target, answer: Answer): { rows: Row[]; next: Query | undefined };
  limit: number;
  /** Whether it may be too long for memory: then it is written down while it is read. */
  isLong: boolean;
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

export const lists: List[] = [
  {
    name: "subscribers",
    kinds: ["service-conversations"],
    pathFor: (target) => pathFor(target, "subscribers"),
    limit: 50,
    isLong: true,
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
    isLong: false,
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
    isLong: false,
    read: clientsOf("lists/blacklists"),
  },
  {
    name: "silences",
    kinds: ["conversations", "chatrooms"],
    pathFor: (target) => pathFor(target, "permanent-silenceds"),
    limit: 500,
    isLong: false,
    read: clientsOf("lists/silences"),
  },
];

const Loose = v.looseObject({});

/** Rows of a conversation's list, page by page, and the parameters for what follows them. */
export async function* pagesOf(
  source: Source,
  list: List,
  target: Target,
  from: Query,
): AsyncGenerator<{ rows: Row[]; next: Query | undefined }> {
  const recent = new Recent();
  const path = list.pathFor(target);
  let [next, count]: [Query, number] = [from, 0];
  for (let repeats = 0; repeats <= REPEATS_MAX; ) {
    const own = list.name === "broadcasts" ? { conv_id: target.id, skip: count } : {};
    const page = list.read(target, await source.page(path, { ...own, ...next }, list.limit));
    const rows = page.rows.filter(({ text }) => !recent.has(text));
    for (const { text } of rows) recent.add(text);
    count += rows.length;
    yield { rows, next: page.next };
    if (page.next === undefined) return;
    repeats = rows.length > 0 ? 0 : repeats + 1;
    next = page.next;
  }
}
