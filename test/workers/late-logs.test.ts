import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { world } from "./support/world.ts";

/** ms that an object goes on logging when its test is over: longer than the test runner takes to end the file. */
const LATE = 400;

test("a file whose objects log after its tests ends all the same", async () => {
  const logging = await runInDurableObject(world.APP.getByName("app"), (_, state) => {
    state.waitUntil(logFor(LATE));
    return true;
  });
  expect(logging).toBe(true);
});

async function logFor(ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    console.debug("late");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
