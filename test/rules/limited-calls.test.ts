import { expect, test } from "vitest";
import { forEachLimited, LimitedCalls } from "../../src/limited-calls.ts";

const AT_ONCE = 4;

test("[I13] only a few of 500 calls are in flight at once, in order, with turns for others between", async () => {
  let turns = 0;
  const calls = new LimitedCalls(AT_ONCE, async () => {
    turns += 1;
  });
  let running = 0;
  let most = 0;
  const begun: number[] = [];
  const all = Array.from({ length: 500 }, (_, at) =>
    calls.run(async () => {
      begun.push(at);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      if (at % 7 === 0) throw new Error("nobody answers");
      return at;
    }),
  );
  // The first calls begin at once.
  expect(begun.length).toBe(AT_ONCE);
  const ends = await Promise.allSettled(all);
  expect(ends.filter(({ status }) => status === "rejected").length).toBe(72);
  expect(most).toBe(AT_ONCE);
  expect(begun).toEqual(Array.from({ length: 500 }, (_, at) => at));
  expect(turns).toBeGreaterThan(400);
  // Nothing waits any more, so a new call begins at once.
  await calls.run(async () => begun.push(500));
  expect(begun.length).toBe(501);
});

test("[I13] items are done a few at a time, in order, and the first failure ends it", async () => {
  const begun: number[] = [];
  let pauses = 0;
  let running = 0;
  let most = 0;
  const run = async (item: string, index: number) => {
    begun.push(index);
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (item === "bad") throw new Error("a test");
  };
  const pause = async () => {
    pauses += 1;
  };
  await forEachLimited(Array(20).fill("good"), AT_ONCE, run, pause);
  expect([most, pauses]).toEqual([AT_ONCE, 20]);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, index) => index));
  await expect(forEachLimited(["bad", "good"], AT_ONCE, run, pause)).rejects.toThrow("a test");
  expect(pauses).toBe(20);
});
