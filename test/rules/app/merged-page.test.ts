import { expect, test, vi } from "vitest";
import { type AskShard, mergedPage } from "../../../src/app/merged-page.ts";
import { shardOf } from "../../../src/app/shards.ts";
import { compareTexts } from "../../../src/compare-texts.ts";

/** Ids on 16 shards, each with its own in SQLite's order. */
function shardsOf(ids: string[], count = 16) {
  const shards = Map.groupBy(ids.toSorted(compareTexts), (id) => shardOf(id, count));
  const ask: AskShard = async (shard, after, limit) =>
    (shards.get(shard) ?? []).filter((id) => compareTexts(id, after) > 0).slice(0, limit);
  return { ask: vi.fn(ask) };
}

/** All pages of this size, one after the other. */
async function pagesOf(ask: AskShard, limit: number, count = 16): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const page = await mergedPage(count, found.at(-1) ?? "", limit, ask);
    found.push(...page);
    if (page.length < limit) return found;
  }
}

test.each([1, 7, 100, 500])(
  "pages of %i clients over 16 shards name every client once, in the order of their ids",
  async (limit) => {
    const ids = Array.from({ length: 1_200 }, (_, at) => `client ${at}`);
    const { ask } = shardsOf(ids);
    expect(await pagesOf(ask, limit)).toEqual(ids.toSorted(compareTexts));
  },
);

test("ids with characters beyond the basic plane stand in SQLite's order, as one shard would list them", async () => {
  const ids = ["a", "\u{1f600}", "\uffee", "z", "\u{10000}b", "日本"];
  const { ask } = shardsOf(ids);
  expect(await pagesOf(ask, 2)).toEqual(["a", "z", "日本", "\uffee", "\u{10000}b", "\u{1f600}"]);
});

test("all clients of one shard are listed, though the others have none", async () => {
  const ids = Array.from({ length: 3_000 }, (_, at) => `c${at}`).filter((id) => shardOf(id, 16) === 3);
  const { ask } = shardsOf(ids);
  expect(await pagesOf(ask, 50)).toEqual(ids.toSorted(compareTexts));
});

test("a page of 500 costs each shard about one question for its share", async () => {
  const ids = Array.from({ length: 20_000 }, (_, at) => `client ${at}`);
  const { ask } = shardsOf(ids);
  await mergedPage(16, "", 500, ask);
  expect(ask.mock.calls.length).toBeLessThanOrEqual(20);
  expect(Math.max(...ask.mock.calls.map(([, , limit]) => limit))).toBe(44);
});

test("a page fails if a shard does, and is not taken for whole", async () => {
  const { ask } = shardsOf(["Tom", "Jerry"]);
  const failing: AskShard = (shard, ...rest) =>
    shard === 5 ? Promise.reject(new Error("gone")) : ask(shard, ...rest);
  await expect(mergedPage(16, "", 10, failing)).rejects.toThrow("gone");
});

test("a client whose row is on its way from one shard to another is listed once", async () => {
  expect(await mergedPage(2, "", 10, async () => ["Jerry", "Tom"])).toEqual(["Jerry", "Tom"]);
});
