import * as v from "valibot";
import type { Api } from "../moving/api.ts";
import { Refused } from "../moving/failures.ts";
import type { Answered } from "./journal.ts";

/** Bytes of a request: the server takes 1 MiB. */
const BYTES_MAX = 1_000_000;
/** Requests under way at once. */
const AT_ONCE = 4;
/** Conversations that one request reaches: each is an object of its own, and a call of the server's. */
const GROUPS_MAX = 200;

/** A row on its way. */
export interface Row {
  kind: string;
  /** As it is in the export. */
  text: string;
  /** As it is sent, if that differs. */
  sent?: string;
  /** Rows of one group arrive in their order; those of a group stand together. */
  group?: string;
}

/** Where rows go. */
export interface Target {
  api: Pick<Api, "post">;
  path: string;
  /** The kinds of rows, as the export names them, that are in the lists of a request. */
  lists: { results: string; messages?: string };
  /** Rows of a request. */
  rowsMax: number;
  /** Changes a batch before it is sent; the answer has its length. */
  prepare?(rows: Row[]): Promise<Row[]>;
}

const Counts = v.object({
  added: v.number(),
  changed: v.number(),
  kept: v.number(),
  refused: v.array(v.object({ row: v.number(), error: v.string() })),
});
const Answer = v.object({ ...Counts.entries, messages: v.optional(Counts) });

/**
 * Sends rows in batches, a few at once, but never two with rows of the same group.
 *
 * @param answered is called in the order of the rows, one call after another, with an answer for each kind
 */
export async function sendRows(
  target: Target,
  rows: AsyncIterable<Row> | Iterable<Row>,
  answered: (answers: Answered[]) => Promise<void>,
): Promise<void> {
  const underway: Promise<void>[] = [];
  let last: { group: string | undefined; sent: Promise<unknown> } | undefined;
  let told = Promise.resolve();
  for await (const batch of batchesOf(rows, target.rowsMax)) {
    if (underway.length >= AT_ONCE) await underway.shift();
    const [first, end] = [batch[0]?.group, batch.at(-1)?.group];
    const before = first !== undefined && last?.group === first ? last.sent : undefined;
    const sent = sendAfter(before, target, batch);
    // Whoever awaits them hears of a failure; until then it is nobody's.
    sent.catch(() => {});
    last = { group: end, sent };
    told = told.then(async () => answered(await sent));
    told.catch(() => {});
    underway.push(told);
  }
  await told;
}

async function sendAfter(
  before: Promise<unknown> | undefined,
  target: Target,
  batch: Row[],
): Promise<Answered[]> {
  await before;
  return sendBatch(target, (await target.prepare?.(batch)) ?? batch);
}

async function* batchesOf(rows: AsyncIterable<Row> | Iterable<Row>, rowsMax: number): AsyncGenerator<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  let groups = 0;
  for await (const row of rows) {
    const length = Buffer.byteLength(row.sent ?? row.text) + 1;
    if (row.group !== batch.at(-1)?.group) groups += 1;
    if (batch.length > 0 && (batch.length >= rowsMax || bytes + length > BYTES_MAX || groups > GROUPS_MAX)) {
      yield batch;
      [batch, bytes, groups] = [[], 0, 1];
    }
    batch.push(row);
    bytes += length;
  }
  if (batch.length > 0) yield batch;
}

/** A batch that is refused as a whole is halved until the row is found that is wrong. */
async function sendBatch(target: Target, rows: Row[]): Promise<Answered[]> {
  const { api, path, lists } = target;
  const named = Object.entries(lists).map(([list, kind]) => ({
    list,
    kind,
    rows: rows.filter((row) => row.kind === kind),
  }));
  try {
    const answer = v.parse(Answer, await api.post(path, bodyOf(named)));
    return named.flatMap(({ list, kind, rows }) => {
      const counts = list === "messages" ? answer.messages : answer;
      if (rows.length === 0 || counts === undefined) return [];
      const refused = counts.refused.flatMap(({ row, error }) => {
        const given = rows[row];
        return given === undefined ? [] : [refusedRow(given, error)];
      });
      const { added, changed, kept } = counts;
      return [{ kind, rows: rows.length, added, changed, kept, refused }];
    });
  } catch (error) {
    if (!(error instanceof Refused) || (error.status !== 400 && error.status !== 413)) throw error;
    const [only] = rows;
    if (only === undefined || rows.length > 1) {
      const half = Math.ceil(rows.length / 2);
      const first = await sendBatch(target, rows.slice(0, half));
      return [...first, ...(await sendBatch(target, rows.slice(half)))];
    }
    const refused = [refusedRow(only, error.message)];
    return [{ kind: only.kind, rows: 1, added: 0, changed: 0, kept: 0, refused }];
  }
}

function bodyOf(lists: { list: string; rows: Row[] }[]): string {
  const written = lists.map(
    ({ list, rows }) => `"${list}":[${rows.map(({ text, sent }) => sent ?? text).join(",")}]`,
  );
  return `{${written.join(",")}}`;
}

const refusedRow = ({ kind, text }: Row, why: string) => ({ kind, why, row: text });
