import { expect, test } from "vitest";
import { DirectCalls } from "../../../../src/conversation/push/direct-calls.ts";

/** More than any isolate makes at once. */
const MANY = 200;

/** Begins calls until there is no room. Returns how many that were. */
function fill(calls: DirectCalls, call: () => Promise<string | undefined>): number {
  for (let begun = 0; begun < MANY; begun += 1) {
    const running = calls.run(call);
    if (running === undefined) return begun;
    running.catch(() => {});
  }
  return MANY;
}

test("an isolate makes some direct pushes at once, and then leaves the others to the queue", async () => {
  const calls = new DirectCalls(() => 0);
  const ends: (() => void)[] = [];
  const room = fill(calls, () => new Promise((resolve) => ends.push(() => resolve(undefined))));
  expect(room).toBeLessThan(MANY);
  ends[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls.run(async () => undefined)).toBeDefined();
  for (const end of ends) end();
});

test("direct pushes of objects that died take up no room for longer than a call may take", () => {
  let now = 0;
  const calls = new DirectCalls(() => now);
  const never = () => new Promise<undefined>(() => {});
  const room = fill(calls, never);
  now += 30_000;
  expect(fill(calls, never)).toBe(0);
  now += 31_000;
  expect(fill(calls, never)).toBe(room);
});

test("a push that is not settled says why", async () => {
  const calls = new DirectCalls(() => 0);
  await expect(calls.run(async () => "D1 is down")).rejects.toThrow("D1 is down");
});
