import { expect, test, vi } from "vitest";
import { BatchedCalls } from "../../src/batched-calls.ts";

test("questions during a call go with the next call, up to the limit", async () => {
  const calls: string[][] = [];
  const together = new BatchedCalls(async (names: string[]) => {
    calls.push(names);
    await Promise.resolve();
    return (name) => name.toUpperCase();
  }, 2);
  const first = together.ask("a");
  await Promise.resolve();
  const others = ["b", "c", "d"].map((name) => together.ask(name));
  expect(await Promise.all([first, ...others])).toEqual(["A", "B", "C", "D"]);
  expect(calls).toEqual([["a"], ["b", "c"], ["d"]]);
});

test("a call that fails rejects its own questions and none of the later ones", async () => {
  const ask = vi.fn(async (_: number[]) => (at: number) => at + 1);
  ask.mockRejectedValueOnce(new Error("down"));
  const together = new BatchedCalls(ask, 10);
  const failing = [together.ask(1), together.ask(2)];
  expect((await Promise.allSettled(failing)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await together.ask(3)).toBe(4);
});
