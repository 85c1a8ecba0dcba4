import { expect, test, vi } from "vitest";
import { CONVERSATIONS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../../src/bounds.ts";
import { KnownConversations } from "../../../src/conversation/known-conversations.ts";

/** An index that has some conversations, an app that has others, and a clock. */
function town({ indexed = [] as string[], behind = [] as string[] } = {}) {
  const index = {
    indexed: vi.fn(async (ids: string[]) => ids.filter((id) => indexed.includes(id))),
    unindexed: vi.fn(async (ids: string[]) => ids.filter((id) => behind.includes(id))),
  };
  const clock = { now: 1_000_000 };
  return { index, clock, known: new KnownConversations(index, () => clock.now) };
}

test("what the index has, and what it could not be told of, exists; nothing else does", async () => {
  const { index, known } = town({ indexed: ["a"], behind: ["b"] });
  expect(await known.among(["c", "b", "a"])).toEqual(["b", "a"]);
  expect(index.indexed).toHaveBeenCalledTimes(1);
  expect(index.unindexed.mock.calls).toEqual([[["c", "b"]]]);
});

test("what exists is asked for once, what does not each time, since it may come to exist", async () => {
  const { index, known } = town({ indexed: ["a"] });
  for (const _ of [1, 2, 3]) expect(await known.among(["a", "x"])).toEqual(["a"]);
  expect(index.indexed.mock.calls).toEqual([[["a", "x"]], [["x"]], [["x"]]]);
  known.add("x");
  expect(await known.among(["a", "x"])).toEqual(["a", "x"]);
  expect(index.indexed).toHaveBeenCalledTimes(3);
});

test("[I11] while the index fails, everything may exist, and it is asked once a second", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { index, known, clock } = town();
  index.indexed.mockRejectedValue(new Error("D1 is down"));
  for (const id of ["a", "b", "c"]) expect(await known.has(id)).toBe(true);
  expect(index.indexed).toHaveBeenCalledTimes(1);
  clock.now += 1_000;
  expect(await known.has("d")).toBe(true);
  expect(index.indexed).toHaveBeenCalledTimes(2);
});

test("[I13] but not without end: then nobody is told that something does not exist, nor is it asked for", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { index, known, clock } = town();
  index.indexed.mockRejectedValue(new Error("D1 is down"));
  const many = Array.from({ length: WOKEN_WITHOUT_INDEX }, (_, at) => `x${at}`);
  expect(await known.among(many)).toHaveLength(WOKEN_WITHOUT_INDEX);
  await expect(known.has("one more")).rejects.toThrow();
  clock.now += 60_000;
  expect(await known.has("one more")).toBe(true);
});

test("[I13] of very many conversations those met first are forgotten first", async () => {
  const { index, known } = town();
  for (let at = 0; at <= CONVERSATIONS_REMEMBERED; at += 1) known.add(`x${at}`);
  await known.among(["x0", "x1"]);
  expect(index.indexed.mock.calls).toEqual([[["x0"]]]);
});
