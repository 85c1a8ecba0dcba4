import { expect, test } from "vitest";
import { recallAll } from "../../../console/views/users/recalling.ts";

test("a message that cannot be recalled does not stop the others, and says why", async () => {
  const messages = Array.from({ length: 10 }, (_, number) => ({ id: `m${number}` }));
  const counts: number[] = [];
  let running = 0;
  let most = 0;
  const recall = async ({ id }: { id: string }) => {
    running++;
    most = Math.max(most, running);
    await Promise.resolve();
    running--;
    if (id === "m3") throw new Error("the conversation is gone");
  };
  const { done, failed } = await recallAll(messages, recall, (count) => counts.push(count));
  expect(done).toHaveLength(9);
  expect(failed).toEqual([{ id: "m3", why: "the conversation is gone" }]);
  expect(counts.at(-1)).toBe(10);
  expect(most).toBeLessThanOrEqual(4);
});
