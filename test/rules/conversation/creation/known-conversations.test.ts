import { expect, test, vi } from "vitest";
import { CONVERSATIONS_REMEMBERED, WOKEN_WITHOUT_INDEX } from "../../../../src/bounds.ts";
import { KnownConversations } from "../../../../src/conversation/creation/known-conversations.ts";
import { TemporaryIds } from "../../../../src/protocol/temporary-ids.ts";

/** An index that has some conversations, an app that has others, and a clock. */
function setUp({ indexed = [] as string[], behind = [] as string[] } = {}) {
  const index = {
    indexed: vi.fn(async (ids: string[]) =>
      ids.filter((id) => indexed.includes(id)).map((id) => ({ id, kind: "normal" as const })),
    ),
    unindexed: vi.fn(async (ids: string[]) => ids.filter((id) => behind.includes(id))),
  };
  const clock = { now: 1_000_000 };
  return {
    index,
    clock,
    known: new KnownConversations(index, new TemporaryIds("app", "key"), () => clock.now),
  };
}

test("a conversation exists if the index has it or could not save it yet", async () => {
  const { index, known } = setUp({ indexed: ["a"], behind: ["b"] });
  expect(await known.among(["c", "b", "a"])).toEqual(["b", "a"]);
  expect(index.indexed).toHaveBeenCalledTimes(1);
  expect(index.unindexed.mock.calls).toEqual([[["c", "b"]]]);
});

test("an existing conversation is looked up once, a missing one each time", async () => {
  const { index, known } = setUp({ indexed: ["a"] });
  for (const _ of [1, 2, 3]) expect(await known.among(["a", "x"])).toEqual(["a"]);
  expect(index.indexed.mock.calls).toEqual([[["a", "x"]], [["x"]], [["x"]]]);
  known.add({ id: "x", kind: "normal" });
  expect(await known.among(["a", "x"])).toEqual(["a", "x"]);
  expect(index.indexed).toHaveBeenCalledTimes(3);
});

test("[I11] every conversation may exist while the index fails, and the index is asked once a second", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { index, known, clock } = setUp();
  index.indexed.mockRejectedValue(new Error("D1 is down"));
  for (const id of ["a", "b", "c"]) expect(await known.has(id)).toBe(true);
  expect(index.indexed).toHaveBeenCalledTimes(1);
  clock.now += 1_000;
  expect(await known.has("d")).toBe(true);
  expect(index.indexed).toHaveBeenCalledTimes(2);
});

test("[I13] only a bounded number of unknown conversations are woken while the index fails", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const { index, known, clock } = setUp();
  index.indexed.mockRejectedValue(new Error("D1 is down"));
  const many = Array.from({ length: WOKEN_WITHOUT_INDEX }, (_, at) => `x${at}`);
  expect(await known.among(many)).toHaveLength(WOKEN_WITHOUT_INDEX);
  await expect(known.has("one more")).rejects.toThrow();
  clock.now += 60_000;
  expect(await known.has("one more")).toBe(true);
});

test("[I13] the oldest of very many known conversations are forgotten first", async () => {
  const { index, known } = setUp();
  for (let at = 0; at <= CONVERSATIONS_REMEMBERED; at += 1) known.add({ id: `x${at}`, kind: "normal" });
  await known.among(["x0", "x1"]);
  expect(index.indexed.mock.calls).toEqual([[["x0"]]]);
});
