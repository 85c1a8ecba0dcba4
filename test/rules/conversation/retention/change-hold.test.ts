import fc from "fast-check";
import { expect, test } from "vitest";
import type { Hold } from "../../../../src/conversation/facts.ts";
import { changeHold } from "../../../../src/conversation/retention/change-hold.ts";

/** Owners change the hold of one conversation at the same moment: its object decides, D1 has a list. */

const change = fc.constantFrom(undefined, { since: 1, reason: "File 1" }, { since: 2, reason: "File 2" });

test("[B-30] of changes of a hold at the same moment, the last that the object takes is in D1 too", async () => {
  const changes = fc.array(change, { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), changes, change, async (scheduler, holds, before) => {
      const world: { object: Hold | undefined; list: Hold | undefined } = { object: before, list: before };
      /** A call that arrives some time later, and whose answer does so too. */
      const called = async <T>(call: () => T): Promise<T> => {
        await scheduler.schedule(Promise.resolve(), "arrives");
        const answer = call();
        await scheduler.schedule(Promise.resolve(), "is answered");
        return answer;
      };
      const decider = {
        hold: () => called(() => world.object),
        setHold: (hold: Hold | undefined) =>
          called(() => {
            world.object = hold;
            return undefined;
          }),
      };
      const write = (hold: Hold | undefined) =>
        called(() => {
          world.list = hold;
        });
      const list = { save: write, drop: () => write(undefined) };
      const all = Promise.all(holds.map((hold) => changeHold(decider, list, hold)));
      await scheduler.waitFor(all);
      expect(world.list).toEqual(world.object);
    }),
    { numRuns: 1_000 },
  );
});

test("[B-30] a conversation that was deleted while it was put on hold is on no list", async () => {
  const listed: (Hold | undefined)[] = [];
  const list = {
    save: async (hold: Hold) => void listed.push(hold),
    drop: async () => void listed.push(undefined),
  };
  const refused = { refused: "CONVERSATION_NOT_FOUND" } as const;
  const gone = { hold: async () => refused, setHold: async () => refused };
  expect(await changeHold(gone, list, { since: 1, reason: "" })).toEqual(refused);
  expect(listed.at(-1)).toBeUndefined();
  const going = { ...gone, setHold: async () => undefined };
  await changeHold(going, list, { since: 1, reason: "" });
  expect(listed.at(-1)).toBeUndefined();
});
