import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Archive, Outbox } from "../../../src/conversation/outbox.ts";
import { ConversationState } from "../../../src/conversation/state.ts";
import type { MessageRecord } from "../../../src/history/records.ts";
import { MemorySql } from "../../support/sqlite.ts";
import { kitchen, message, say } from "./people.ts";

/** How far D1 is, and who is told when it falls behind (I11). */

const NOON = 1_000_000;

/** D1 as the outbox knows it, and what the app was told of it. */
class Town implements Archive {
  now = NOON;
  broken: "nothing" | "everything" | "messages" = "nothing";
  deaf = false;
  readonly saved: number[] = [];
  readonly told: (number | "caught up")[] = [];
  #reached = { timestamp: 0, patchedAt: 0 };

  async saveConversation(): Promise<void> {
    if (this.broken === "everything") throw new Error("D1 is away");
  }

  async archivedUpTo(): Promise<{ timestamp: number; patchedAt: number }> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    return this.#reached;
  }

  async saveMessages(_: string, messages: MessageRecord[]): Promise<void> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    for (const { timestamp, patchedAt = 0 } of messages) {
      this.saved.push(timestamp);
      this.#reached = {
        timestamp: Math.max(this.#reached.timestamp, timestamp),
        patchedAt: Math.max(this.#reached.patchedAt, patchedAt),
      };
    }
  }

  async behind(_: string, since: number): Promise<void> {
    if (this.deaf) throw new Error("nobody listens");
    this.told.push(since);
  }

  async caughtUp(): Promise<void> {
    if (this.deaf) throw new Error("nobody listens");
    this.told.push("caught up");
  }
}

let town: Town;
let sql: MemorySql;
let state: ConversationState;
let outbox: Outbox;
beforeEach(() => {
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  town = new Town();
  sql = new MemorySql();
  state = kitchen(sql);
  outbox = new Outbox(state, town, () => town.now);
});

/** The object forgets all it did not write. */
function sleep(): void {
  const woken = ConversationState.load(sql);
  if (woken === undefined) throw new Error("nothing was written");
  state = woken;
  outbox = new Outbox(state, town, () => town.now);
}

test("[I11] while D1 works nobody is told anything", async () => {
  for (const timestamp of [NOON, NOON + 1, NOON + 5_000]) {
    say(state, message(timestamp));
    town.now = timestamp + 1_000;
    expect(await outbox.drain()).toBe(true);
  }
  expect(town.saved).toEqual([NOON, NOON + 1, NOON + 5_000]);
  expect(town.told).toEqual([]);
});

test("[I11] the app is told once since when D1 is behind, and once that it caught up", async () => {
  say(state, message(NOON));
  await outbox.drain();
  say(state, message(NOON + 100));
  say(state, message(NOON + 200));
  town.broken = "messages";
  for (let time = 0; time < 3; time++) expect(await outbox.drain()).toBe(false);
  expect(town.told).toEqual([NOON + 99]);
  town.broken = "nothing";
  for (let time = 0; time < 3; time++) expect(await outbox.drain()).toBe(true);
  expect(town.told).toEqual([NOON + 99, "caught up"]);
  expect(town.saved).toEqual([NOON, NOON + 100, NOON + 200]);
});

test("[I11] an edit and a deletion that D1 lacks count as well", async () => {
  const said = say(state, message(NOON));
  await outbox.drain();
  town.broken = "messages";
  state.log.patch({ ...said, content: "edited", patchedAt: NOON + 300 });
  await outbox.drain();
  expect(town.told).toEqual([NOON + 299]);
  town.broken = "nothing";
  await outbox.drain();
  town.broken = "messages";
  state.log.delete(NOON, NOON + 400);
  await outbox.drain();
  expect(town.told).toEqual([NOON + 299, "caught up", NOON + 399]);
});

test("[I11] members and names that are late are not history that is", async () => {
  say(state, message(NOON));
  await outbox.drain();
  state.change({ name: "Cheese" }, NOON + 1_000);
  town.broken = "everything";
  expect(await outbox.drain()).toBe(false);
  expect(town.told).toEqual([]);
});

describe("[I9] [I11] an object that slept", () => {
  test("still tells that it caught up", async () => {
    say(state, message(NOON));
    town.broken = "everything";
    await outbox.drain();
    sleep();
    await outbox.drain();
    sleep();
    town.broken = "nothing";
    expect(await outbox.drain()).toBe(true);
    sleep();
    expect(await outbox.drain()).toBe(true);
    expect(town.told).toEqual([NOON - 1, "caught up"]);
  });

  test("does not know how far D1 is, but that what it lacks came lately", async () => {
    say(state, message(NOON));
    await outbox.drain();
    sleep();
    say(state, message(NOON + 60_000));
    say(state, message(NOON + 61_000));
    town.broken = "messages";
    await outbox.drain();
    expect(town.told).toEqual([NOON + 59_999]);
  });
});

test("[I11] what was owed for long is told even though D1 works", async () => {
  say(state, message(NOON));
  town.now = NOON + 60_000;
  expect(await outbox.drain()).toBe(true);
  expect(town.told).toEqual([NOON - 1, "caught up"]);
});

test("[I11] where nobody hears it, it is told again", async () => {
  say(state, message(NOON));
  town.broken = "messages";
  town.deaf = true;
  await outbox.drain();
  town.deaf = false;
  await outbox.drain();
  await outbox.drain();
  expect(town.told).toEqual([NOON - 1]);
  town.broken = "nothing";
  town.deaf = true;
  expect(await outbox.drain()).toBe(false);
  town.deaf = false;
  expect(await outbox.drain()).toBe(true);
  expect(town.told).toEqual([NOON - 1, "caught up"]);
});
