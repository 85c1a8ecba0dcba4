import fc from "fast-check";
import { expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import type { StartResult } from "../../../../src/conversation/creation/start-result.ts";
import { areSame, UniqueRegistry } from "../../../../src/conversation/creation/unique-registry.ts";
import type { ConversationRecord } from "../../../../src/model/records.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { normal } from "../../protocol/records.ts";

/** The object of a set of members and its successors, with calls that take time or fail. */
class FakeObjects {
  readonly conversations = new Map<string, Set<string>>();
  readonly created: string[] = [];
  readonly #sql = new MemorySql();
  readonly #wait: () => Promise<void>;
  #ids = 0;

  constructor(wait: () => Promise<void>) {
    this.#wait = wait;
  }

  /** Uses a new registry for each start, as after hibernation: only storage counts. */
  start(record: ConversationRecord): Promise<StartResult> {
    const registry = new UniqueRegistry(conversationTables(this.#sql), {
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

  async #create(record: ConversationRecord): Promise<StartResult | undefined> {
    await this.#wait();
    const conversation = { ...record };
    switch (this.#own(record.id, record.members)) {
      case "theirs":
        return { existing: true, conversation, creatorNotices: [] };
      case "others'":
        return undefined;
      case "none":
        this.conversations.set(record.id, new Set(record.members));
        this.created.push(record.id);
        return { existing: false, conversation, creatorNotices: [] };
    }
  }
}

const record = normal({ id: "set", members: ["tom", "jerry"], unique: true });

test("[B-03] clients that start at once get one conversation with exactly their members, whatever fails", async () => {
  const step = fc.constantFrom("start", "start", "start together", "add", "leave", "come back", "delete");
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(step, { maxLength: 12 }),
      fc.infiniteStream(fc.nat(9)),
      async (scheduler, steps, luck) => {
        const objects = new FakeObjects(async () => {
          await scheduler.schedule(Promise.resolve());
          if (luck.next().value === 0) throw new Error("no answer in time");
        });
        let current: string | undefined;
        const startMany = async (count: number) => {
          const asked = Promise.allSettled(Array.from({ length: count }, () => objects.start(record)));
          await scheduler.waitFor(asked);
          const answers = (await asked).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
          // Memberships do not change meanwhile, so every answer is the same conversation.
          expect(new Set(answers.map(({ conversation }) => conversation.id)).size).toBeLessThanOrEqual(1);
          const [found] = answers;
          if (found === undefined) return;
          current = found.conversation.id;
          expect([...(objects.conversations.get(current) ?? [])].toSorted()).toEqual(["jerry", "tom"]);
          // A second one exists only if members came back to one that had a successor.
          expect(answers.filter(({ existing }) => !existing).length).toBeLessThanOrEqual(1);
        };
        for (const each of steps) {
          const members = objects.conversations.get(current ?? "");
          if (each === "start") await startMany(1);
          else if (each === "start together") await startMany(4);
          else if (each === "add") members?.add("spike");
          else if (each === "leave") members?.delete("jerry");
          else if (each === "come back") members?.delete("spike");
          else if (current !== undefined) objects.conversations.delete(current);
        }
        // Each was created once, and once more after each deletion.
        const deletions = steps.filter((each) => each === "delete").length;
        expect(objects.created.length - new Set(objects.created).size).toBeLessThanOrEqual(deletions);
      },
    ),
    { numRuns: 300 },
  );
});

test("[B-03] repeated starts find the same conversation and create no other", async () => {
  const objects = new FakeObjects(async () => {});
  const first = await objects.start(record);
  for (let at = 0; at < 5; at++)
    expect((await objects.start(record)).conversation.id).toBe(first.conversation.id);
  objects.conversations.get("set")?.add("spike");
  const second = await objects.start(record);
  for (let at = 0; at < 5; at++)
    expect((await objects.start(record)).conversation.id).toBe(second.conversation.id);
  expect(objects.created).toEqual(["set", "c1"]);
});
