import { compareTexts } from "../compare-texts.ts";

/** How much more (times) than its share of a page a shard is asked for, and how many beside: ids are not spread evenly. */
const MORE = 1.25;
const BESIDE = 4;

interface List {
  shard: number;
  ids: string[];
  /** Whether the shard has no more than these. */
  isWhole: boolean;
}

/** Asks a shard for at most `limit` of its ids, in their order, after one of them. */
export type AskShard = (shard: number, after: string, limit: number) => Promise<string[]>;

/**
 * A page of the ids of all shards, in their order, after one of them. Each shard is asked for its share and a little
 * more, and those that are behind once more. Rejects if a shard does not answer: a page that lacks some would be taken
 * for whole.
 */
export async function mergedPage(
  shards: number,
  after: string,
  limit: number,
  ask: AskShard,
): Promise<string[]> {
  if (shards === 1) return ask(0, after, limit);
  const share = Math.min(Math.ceil((limit / shards) * MORE) + BESIDE, limit);
  const lists: List[] = Array.from({ length: shards }, (_, shard) => ({ shard, ids: [], isWhole: false }));
  const read = async (list: List) => {
    const ids = await ask(list.shard, list.ids.at(-1) ?? after, share);
    list.ids.push(...ids);
    list.isWhole = ids.length < share;
  };
  let behind = lists;
  let page: string[] = [];
  while (behind.length > 0) {
    await Promise.all(behind.map(read));
    // While rows move from one shard to another, both may have them.
    page = [...new Set(lists.flatMap(({ ids }) => ids))].sort(compareTexts).slice(0, limit);
    const last = page.length < limit ? undefined : page.at(-1);
    behind = lists.filter(({ ids, isWhole }) => !isWhole && isBefore(ids.at(-1), last));
  }
  return page;
}

const isBefore = (id: string | undefined, last: string | undefined): boolean =>
  id === undefined || last === undefined || compareTexts(id, last) < 0;
