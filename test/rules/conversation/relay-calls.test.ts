import { expect, test } from "vitest";
import { RELAY_CALLS_AT_ONCE } from "../../../src/bounds.ts";
import { RelayCalls } from "../../../src/conversation/relay-calls.ts";

test("[I13] only a few of 500 calls are in flight at once, in order, with turns for others between", async () => {
  let turns = 0;
  const calls = new RelayCalls(async () => {
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
  expect(begun.length).toBe(RELAY_CALLS_AT_ONCE);
  const ends = await Promise.allSettled(all);
  expect(ends.filter(({ status }) => status === "rejected").length).toBe(72);
  expect(most).toBe(RELAY_CALLS_AT_ONCE);
  expect(begun).toEqual(Array.from({ length: 500 }, (_, at) => at));
  expect(turns).toBeGreaterThan(400);
  // Nothing waits any more, so a new call begins at once.
  await calls.run(async () => begun.push(500));
  expect(begun.length).toBe(501);
});
