import { expect, test } from "vitest";
import { serializeCalls } from "../../../src/client/serialize-calls.ts";

test("[I13] the queries of a client run one at a time, in order, also after one that failed", async () => {
  const events: string[] = [];
  let running = 0;
  const query = serializeCalls(async (name: string) => {
    running += 1;
    events.push(`${name} of ${running}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    if (name === "b") throw new Error("D1 is down");
    return name.toUpperCase();
  });
  const answers = await Promise.allSettled(["a", "b", "c"].map(query));
  expect(events).toEqual(["a of 1", "b of 1", "c of 1"]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
