import fc from "fast-check";
import { expect, test } from "vitest";
import type { Started } from "../../../src/conversation/started.ts";
import { areSame, UniqueRegistry } from "../../../src/conversation/unique-registry.ts";
import type { ConversationRecord } from "../../../src/model/records.ts";
import { MemorySql } from "../../support/sqlite.ts";
import { normal } from "../protocol/records.ts";

/** The object of a set, and those that take its place: who is in them, and calls that take long or fail. */
class Town {
  readonly conversations = new Map<string, Set<string>>();
  readonly created: string[] = [];
  readonly #sql = new MemorySql();
  readonly #wait: () => Promise<void>;
  #ids = 0;

  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  /** Made anew for each start, as after an eviction: only what was written counts. */
  start(record: ConversationRecord): Promise<Started> {
    const registry = new UniqueRegistry(this.#sql, {
      own: (members) => this.#own(record.id, members),
      startHere: (wanted) => this.#create(wanted),
      startThere: async (wanted) => {
        await this.#wait();
        const started = await this.#create(wanted);
        await this.#wait();
        return started;
      },
      newId: () => `c${++this.#ids}`,
    });
    return registry.start(record);
  }

  #own(id: string, members: readonly string[]) {
    const own = this.conversations.get(id);
    return own === undefined ? "none" : areSame(own, members) ? "theirs" : "others'";
  }

  async #create(record: ConversationRecord): Promise<Started | undefined> {
    await this.#wait();
    const conversation = { ...record };
    switch (this.#own(record.id, record.members)) {
      case "theirs":
        return { existing: true, conversation, pushes: [] };
      case "others'":
        return undefined;
      case "none":
        this.conversations.set(record.id, new Set(record.members));
        this.created.push(record.id);
        return { existing: false, conversation, pushes: [] };
    }
  }
}

const record = normal({ id: "set", members: ["tom", "jerry"], unique: true });

test("[B-03] whoever starts at once is given one conversation, whose members are exactly they, whatever fails", async () => {
  const step = fc.constantFrom("start", "start", "start together", "add", "leave", "come back", "delete");
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { maxLength: 12 }),
      fc.infiniteStream(fc.nat(9)),
      async (scheduler, steps, luck) => {
        const town = new Town(async () => {
          await scheduler.schedule(Promise.resolve());
          if (luck.next().value === 0) throw new Error("no answer in time");
        });
        let current: string | undefined;
        const meet = async (count: number) => {
          const asked = Promise.allSettled(Array.from({ length: count }, () => town.start(record)));
          await scheduler.waitFor(asked);
          const answers = (await asked).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
          // Nobody's membership changes meanwhile, so whoever is answered is given the same.
          expect(new Set(answers.map(({ conversation }) => conversation.id)).size).toBeLessThanOrEqual(1);
          const [found] = answers;
          if (found === undefined) return;
          current = found.conversation.id;
          expect([...(town.conversations.get(current) ?? [])].toSorted()).toEqual(["jerry", "tom"]);
          // There is one more of theirs only where people came back to one that had been given up.
          expect(answers.filter(({ existing }) => !existing).length).toBeLessThanOrEqual(1);
        };
        for (const each of steps) {
          const members = town.conversations.get(current ?? "");
          if (each === "start") await meet(1);
          else if (each === "start together") await meet(4);
          else if (each === "add") members?.add("spike");
          else if (each === "leave") members?.delete("jerry");
          else if (each === "come back") members?.delete("spike");
          else if (current !== undefined) town.conversations.delete(current);
        }
        // Each was created once in its life: deleted ones begin anew.
        const deletions = steps.filter((each) => each === "delete").length;
        expect(town.created.length - new Set(town.created).size).toBeLessThanOrEqual(deletions);
      },
    ),
    { numRuns: 300 },
  );
});

test("[B-03] what is asked again and again finds the same, and no other is made", async () => {
  const town = new Town(async () => {});
  const first = await town.start(record);
  for (let at = 0; at < 5; at++)
    expect((await town.start(record)).conversation.id).toBe(first.conversation.id);
  town.conversations.get("set")?.add("spike");
  const second = await town.start(record);
  for (let at = 0; at < 5; at++)
    expect((await town.start(record)).conversation.id).toBe(second.conversation.id);
  expect(town.created).toEqual(["set", "c1"]);
});
