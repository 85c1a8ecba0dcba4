import { beforeEach, describe, expect, test, vi } from "vitest";
import { type Archive, Outbox, type OutboxHost } from "../../../src/conversation/outbox.ts";
import { ConversationState } from "../../../src/conversation/state.ts";
import { lagOf } from "../../../src/database/messages/archive-delay.ts";
import type { Progress } from "../../../src/database/messages/archive-progress.ts";
import type { MessageRecord } from "../../../src/model/records.ts";
import { MemorySql } from "../../support/sqlite.ts";
import { message, pairChat, say } from "./people.ts";

/** How far D1 is, and who is told when it falls behind (I11). */

const NOON = 1_000_000;

/** D1 as the outbox knows it, and what the app was told of it. */
class Town implements Archive, OutboxHost {
  clock = NOON;
  broken: "nothing" | "everything" | "messages" = "nothing";
  deaf = false;
  knows = true;
  asked = 0;
  indexed = 0;
  readonly lag = lagOf({ OWN_BOX: "1" });
  readonly alarms: number[] = [];
  readonly timers: { at: number; run: () => void }[] = [];
  readonly saved: number[] = [];
  readonly told: (number | "caught up")[] = [];
  #reached = { timestamp: 0, patchedAt: 0 };

  async saveConversation(): Promise<void> {
    if (this.broken === "everything") throw new Error("D1 is away");
    this.indexed += 1;
    this.knows = true;
  }

  async archivedUpTo(): Promise<Progress | undefined> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    this.asked += 1;
    return this.reached;
  }

  async saveMessages(_: string, messages: MessageRecord[]): Promise<Progress | undefined> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    for (const { timestamp, patchedAt = 0 } of messages) {
      this.saved.push(timestamp);
      this.#reached = {
        timestamp: Math.max(this.#reached.timestamp, timestamp),
        patchedAt: Math.max(this.#reached.patchedAt, patchedAt),
      };
    }
    return this.reached;
  }

  get reached(): Progress | undefined {
    return this.knows ? this.#reached : undefined;
  }

  now(): number {
    return this.clock;
  }

  nextTick(run: () => void): void {
    this.timer(0, run);
  }

  timer(delay: number, run: () => void): void {
    this.timers.push({ at: this.clock + delay, run });
  }

  drainWithin(delay: number): void {
    this.alarms.push(delay);
  }

  /** Time passes, and what was put off is done. */
  async passes(milliseconds: number): Promise<void> {
    this.clock += milliseconds;
    for (const due of this.timers.filter(({ at }) => at <= this.clock)) {
      this.timers.splice(this.timers.indexOf(due), 1);
      due.run();
    }
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
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
  state = pairChat(sql);
  outbox = new Outbox(state, town, town);
});

/** The object forgets all it did not write. */
function sleep(): void {
  const woken = ConversationState.load(sql);
  if (woken === undefined) throw new Error("nothing was written");
  state = woken;
  outbox = new Outbox(state, town, town);
}

test("[I11] while D1 works nobody is told anything", async () => {
  for (const timestamp of [NOON, NOON + 1, NOON + 5_000]) {
    say(state, message(timestamp));
    town.clock = timestamp + 1_000;
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
  town.clock = NOON + 60_000;
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

describe("[I11] what is written reaches D1", () => {
  /** A message of Tom's, now. */
  function sayNow(): number {
    const { timestamp } = say(state, message(state.tick(town.clock)));
    outbox.soon();
    return timestamp;
  }

  test("at once after a quiet moment, and a second later what follows", async () => {
    const first = sayNow();
    await town.passes(0);
    expect(town.saved).toEqual([first]);
    const others = [sayNow(), sayNow()];
    await town.passes(900);
    expect(town.saved).toEqual([first]);
    await town.passes(100);
    expect(town.saved).toEqual([first, ...others]);
    await town.passes(10_000);
    expect(town.timers).toEqual([]);
  });

  test("in larger and larger batches in a conversation in full flow", async () => {
    const batches: number[] = [];
    for (let tenth = 0; tenth < 300; tenth++) {
      const before = town.saved.length;
      sayNow();
      await town.passes(100);
      if (town.saved.length > before) batches.push(town.saved.length - before);
    }
    expect(batches.length).toBeLessThan(9);
    await town.passes(10_000);
    expect(town.saved).toHaveLength(300);
  });

  test("by an alarm that stands behind all of it, also what an object dies with", async () => {
    sayNow();
    expect(town.alarms).toEqual([town.lag.safety]);
    const lost = state.log.head;
    town.timers.splice(0); // it died
    sleep();
    outbox.woke(true);
    await town.passes(0);
    expect(town.saved).toEqual([lost]);
  });

  test("also where the alarm was lost, as soon as the object wakes", async () => {
    town.broken = "messages";
    sayNow();
    await town.passes(0);
    town.clock += 2 * 60 * 60_000;
    sayNow();
    town.broken = "nothing";
    sleep();
    outbox.woke(false);
    await town.passes(0);
    expect(town.saved).toHaveLength(2);
  });

  test("and an object that wakes and owes nothing asks nobody", async () => {
    sayNow();
    await town.passes(0);
    sleep();
    outbox.woke(false);
    await town.passes(60_000);
    expect(town.asked).toBe(1);
    expect(town.alarms).toHaveLength(1);
  });

  test("once, however many ask for it while it is copied", async () => {
    const said = sayNow();
    expect(await Promise.all([outbox.drain(), outbox.drain(), outbox.drain()])).toEqual([true, true, true]);
    expect(town.saved).toEqual([said]);
    expect(town.asked).toBe(1);
  });

  test("also where the clock was set back under a timer", async () => {
    sayNow();
    await town.passes(0);
    sayNow(); // waits a second
    town.clock -= 60 * 60_000;
    sayNow();
    await town.passes(0);
    expect(town.saved).toHaveLength(3);
  });

  test("also where D1 forgot the conversation: with its members and facts it begins anew", async () => {
    sayNow();
    await town.passes(0);
    town.knows = false;
    const before = town.indexed;
    sayNow();
    expect(await outbox.drain()).toBe(false);
    expect(town.told).toHaveLength(1);
    expect(await outbox.drain()).toBe(true);
    expect(town.indexed).toBe(before + 1);
    expect(town.told.at(-1)).toBe("caught up");
  });

  test("and is behind while D1 takes it without having it", async () => {
    sayNow();
    vi.spyOn(town, "saveMessages").mockResolvedValueOnce({ timestamp: 0, patchedAt: 0 });
    expect(await outbox.drain()).toBe(false);
    expect(town.told).toHaveLength(1);
    expect(await outbox.drain()).toBe(true);
  });
});
