import { beforeEach, describe, expect, test, vi } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { CopyPace } from "../../../../src/conversation/copy/copy-pace.ts";
import {
  type CopiedPart,
  type CopyCalls,
  Outbox,
  type OutboxHost,
} from "../../../../src/conversation/copy/outbox.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import type { ArchiveProgress } from "../../../../src/database/messages/archive-progress.ts";
import { copyDelayOf } from "../../../../src/database/messages/copy-delay.ts";
import type { MessageRecord } from "../../../../src/model/records.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { append, message, pairChat } from "../people.ts";

/** How far D1 has the log, and what is reported to the app when D1 falls behind (I11). */

const NOON = 1_000_000;

/** D1 as the outbox sees it, and what was reported to the app. */
class FakeDatabase implements CopyCalls, OutboxHost {
  clock = NOON;
  broken: "nothing" | "everything" | "messages" = "nothing";
  appIsDown = false;
  hasConversation = true;
  progressReads = 0;
  indexed = 0;
  readonly copyDelay = copyDelayOf({ SINGLE_MACHINE: "1" });
  readonly alarms: number[] = [];
  readonly timers: { at: number; run: () => void }[] = [];
  readonly saved: number[] = [];
  readonly reports: (number | "caught up")[] = [];
  /** How often the conversation's row was written, and how far it says that D1 is. */
  rows = 0;
  row = { timestamp: 0, patchedAt: 0 };

  async saveConversation(): Promise<void> {
    if (this.broken === "everything") throw new Error("D1 is away");
    this.indexed += 1;
    this.hasConversation = true;
  }

  async saveRoles(): Promise<void> {
    if (this.broken === "everything") throw new Error("D1 is away");
  }

  async archivedUpTo(): Promise<ArchiveProgress | undefined> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    this.progressReads += 1;
    return this.hasConversation ? this.row : undefined;
  }

  async saveMessages(
    _: string,
    messages: MessageRecord[],
    { progress }: CopiedPart,
  ): Promise<ArchiveProgress | undefined> {
    if (this.broken !== "nothing") throw new Error("D1 is away");
    if (!this.hasConversation) return undefined;
    this.saved.push(...messages.map(({ timestamp }) => timestamp));
    const parts = [this.row, ...(progress === "later" ? [] : [progress]), ...messages];
    const reached = {
      timestamp: Math.max(...parts.map(({ timestamp }) => timestamp)),
      patchedAt: Math.max(...parts.map(({ patchedAt = 0 }) => patchedAt)),
    };
    if (progress === "later") return reached;
    this.rows += 1;
    this.row = reached;
    return reached;
  }

  now(): number {
    return this.clock;
  }

  inNextTurn(run: () => void): void {
    this.timer(0, run);
  }

  timer(delay: number, run: () => void): void {
    this.timers.push({ at: this.clock + delay, run });
  }

  drainWithin(delay: number): void {
    this.alarms.push(delay);
  }

  /** Time passes, and due timers run. */
  async passes(milliseconds: number): Promise<void> {
    this.clock += milliseconds;
    for (const due of this.timers.filter(({ at }) => at <= this.clock)) {
      this.timers.splice(this.timers.indexOf(due), 1);
      due.run();
    }
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  async behind(_: string, since: number): Promise<void> {
    if (this.appIsDown) throw new Error("the app is down");
    this.reports.push(since);
  }

  async caughtUp(): Promise<void> {
    if (this.appIsDown) throw new Error("the app is down");
    this.reports.push("caught up");
  }
}

let database: FakeDatabase;
let sql: MemorySql;
let state: ConversationState;
let pace: CopyPace;
let outbox: Outbox;
beforeEach(() => {
  pace = new CopyPace();
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  database = new FakeDatabase();
  sql = new MemorySql();
  state = pairChat(sql);
  outbox = new Outbox(state, database, database, pace);
});

/** The object hibernates and loses everything it did not store. */
function hibernate(): void {
  const woken = ConversationState.load(conversationTables(sql));
  if (woken === undefined) throw new Error("nothing was written");
  state = woken;
  outbox = new Outbox(state, database, database, pace);
}

test("[I11] nothing is reported to the app while D1 works", async () => {
  for (const timestamp of [NOON, NOON + 1, NOON + 5_000]) {
    append(state, message(timestamp));
    database.clock = timestamp + 1_000;
    expect(await outbox.drain()).toBe(true);
  }
  expect(database.saved).toEqual([NOON, NOON + 1, NOON + 5_000]);
  expect(database.reports).toEqual([]);
});

test("[I11] the app gets one report since when D1 is behind, and one when D1 caught up", async () => {
  append(state, message(NOON));
  await outbox.drain();
  append(state, message(NOON + 100));
  append(state, message(NOON + 200));
  database.broken = "messages";
  for (let time = 0; time < 3; time++) expect(await outbox.drain()).toBe(false);
  expect(database.reports).toEqual([NOON + 99]);
  database.broken = "nothing";
  for (let time = 0; time < 3; time++) expect(await outbox.drain()).toBe(true);
  expect(database.reports).toEqual([NOON + 99, "caught up"]);
  expect(database.saved).toEqual([NOON, NOON + 100, NOON + 200]);
});

test("[I11] D1 is behind as well when it lacks an edit or a deletion", async () => {
  const appended = append(state, message(NOON));
  await outbox.drain();
  database.broken = "messages";
  state.log.patched.rewrite({ ...appended, content: "edited", patchedAt: NOON + 300 });
  await outbox.drain();
  expect(database.reports).toEqual([NOON + 299]);
  database.broken = "nothing";
  await outbox.drain();
  database.broken = "messages";
  state.log.patched.delete(NOON, NOON + 400);
  await outbox.drain();
  expect(database.reports).toEqual([NOON + 299, "caught up", NOON + 399]);
});

test("[I11] D1 is not reported as behind when it lacks only members or names", async () => {
  append(state, message(NOON));
  await outbox.drain();
  state.change({ name: "Cheese" }, NOON + 1_000);
  database.broken = "everything";
  expect(await outbox.drain()).toBe(false);
  expect(database.reports).toEqual([]);
});

describe("[I9] [I11] an object that hibernated", () => {
  test("[I9] [I11] an object that hibernated still reports that D1 caught up", async () => {
    append(state, message(NOON));
    database.broken = "everything";
    await outbox.drain();
    hibernate();
    await outbox.drain();
    hibernate();
    database.broken = "nothing";
    expect(await outbox.drain()).toBe(true);
    hibernate();
    expect(await outbox.drain()).toBe(true);
    expect(database.reports).toEqual([NOON - 1, "caught up"]);
  });

  test("[I9] [I11] an object that hibernated assumes that D1 lacks only recent entries", async () => {
    append(state, message(NOON));
    await outbox.drain();
    hibernate();
    append(state, message(NOON + 60_000));
    append(state, message(NOON + 61_000));
    database.broken = "messages";
    await outbox.drain();
    expect(database.reports).toEqual([NOON + 59_999]);
  });
});

test("[I11] entries that waited for long are reported even though D1 works", async () => {
  append(state, message(NOON));
  database.clock = NOON + 60_000;
  expect(await outbox.drain()).toBe(true);
  expect(database.reports).toEqual([NOON - 1, "caught up"]);
});

test("[I11] a report that failed is made again", async () => {
  append(state, message(NOON));
  database.broken = "messages";
  database.appIsDown = true;
  await outbox.drain();
  database.appIsDown = false;
  await outbox.drain();
  await outbox.drain();
  expect(database.reports).toEqual([NOON - 1]);
  database.broken = "nothing";
  database.appIsDown = true;
  expect(await outbox.drain()).toBe(false);
  database.appIsDown = false;
  expect(await outbox.drain()).toBe(true);
  expect(database.reports).toEqual([NOON - 1, "caught up"]);
});

describe("[I11] a write reaches D1", () => {
  /** Appends a message from Tom, now. */
  function appendNow(): number {
    const { timestamp } = append(state, message(state.nextTime(database.clock)));
    outbox.scheduleCopy();
    return timestamp;
  }

  test("[I11] a write reaches D1 at once after a quiet moment, and after a second if others came before", async () => {
    const first = appendNow();
    await database.passes(0);
    expect(database.saved).toEqual([first]);
    const others = [appendNow(), appendNow()];
    await database.passes(900);
    expect(database.saved).toEqual([first]);
    await database.passes(100);
    expect(database.saved).toEqual([first, ...others]);
    await database.passes(10_000);
    expect(database.timers).toEqual([]);
  });

  test("[I11] writes of a busy conversation reach D1 in larger and larger batches", async () => {
    const batches: number[] = [];
    for (let tenth = 0; tenth < 300; tenth++) {
      const before = database.saved.length;
      appendNow();
      await database.passes(100);
      if (database.saved.length > before) batches.push(database.saved.length - before);
    }
    expect(batches.length).toBeLessThan(9);
    await database.passes(10_000);
    expect(database.saved).toHaveLength(300);
  });

  test("[I11] a write reaches D1 by the alarm if the object dies before it has copied", async () => {
    appendNow();
    expect(database.alarms).toEqual([database.copyDelay.safety]);
    const lost = state.log.head;
    database.timers.splice(0); // the object died
    hibernate();
    outbox.woke(true);
    await database.passes(0);
    expect(database.saved).toEqual([lost]);
  });

  test("[I11] a write reaches D1 as soon as the object wakes, even if the alarm was lost", async () => {
    database.broken = "messages";
    appendNow();
    await database.passes(0);
    database.clock += 2 * 60 * 60_000;
    appendNow();
    database.broken = "nothing";
    hibernate();
    outbox.woke(false);
    await database.passes(0);
    expect(database.saved).toHaveLength(2);
  });

  test("[I11] an object that wakes with nothing to copy makes no request to D1", async () => {
    appendNow();
    await database.passes(0);
    hibernate();
    outbox.woke(false);
    await database.passes(60_000);
    expect(database.progressReads).toBe(1);
    expect(database.alarms).toHaveLength(1);
  });

  test("[I11] a write reaches D1 once, however many calls request the copy in progress", async () => {
    const appended = appendNow();
    expect(await Promise.all([outbox.drain(), outbox.drain(), outbox.drain()])).toEqual([true, true, true]);
    expect(database.saved).toEqual([appended]);
    expect(database.progressReads).toBe(1);
  });

  test("[I11] a write reaches D1 even if the clock was set back under a timer", async () => {
    appendNow();
    await database.passes(0);
    appendNow(); // waits a second
    database.clock -= 60 * 60_000;
    appendNow();
    await database.passes(0);
    expect(database.saved).toHaveLength(3);
  });

  test("[I11] a write reaches D1 with members and metadata if D1 lost the conversation", async () => {
    appendNow();
    await database.passes(0);
    database.hasConversation = false;
    const before = database.indexed;
    appendNow();
    expect(await outbox.drain()).toBe(false);
    expect(database.reports).toHaveLength(1);
    expect(await outbox.drain()).toBe(true);
    expect(database.indexed).toBe(before + 1);
    expect(database.reports.at(-1)).toBe("caught up");
  });

  test("[I11] a write counts as copied only when D1 has it, and is reported as behind before", async () => {
    appendNow();
    vi.spyOn(database, "saveMessages").mockResolvedValueOnce({ timestamp: 0, patchedAt: 0 });
    expect(await outbox.drain()).toBe(false);
    expect(database.reports).toHaveLength(1);
    expect(await outbox.drain()).toBe(true);
  });
});

describe("[I11] the conversation's row in D1", () => {
  /** People write for a while, every three seconds. Returns how many messages. */
  async function peopleWrite(seconds: number): Promise<number> {
    for (let passed = 0; passed < seconds; passed += 3) {
      append(state, message(state.nextTime(database.clock)));
      outbox.scheduleCopy();
      await database.passes(3_000);
    }
    return seconds / 3;
  }

  test("[I11] while people write, every message is copied, and their conversation's row is written every 30 s", async () => {
    const count = await peopleWrite(300);
    expect(database.saved).toHaveLength(count);
    expect(database.rows).toBeGreaterThanOrEqual(8);
    expect(database.rows).toBeLessThanOrEqual(11);
    expect(state.log.head - database.row.timestamp).toBeLessThan(34_000);
    expect(database.reports).toEqual([]);
  });

  test("[I11] the alarm writes what the row lacks, and the next one has nothing to do", async () => {
    await peopleWrite(9);
    expect([database.rows, database.row.timestamp]).toEqual([1, NOON]);
    expect(await outbox.drain()).toBe(true);
    expect([database.rows, database.row.timestamp]).toEqual([2, state.log.head]);
    expect(await outbox.drain()).toBe(true);
    expect([database.rows, database.saved.length]).toEqual([2, 3]);
    expect(database.timers).toEqual([]);
  });

  test("[I11] somebody who waits for a copy in progress has the row written too", async () => {
    await peopleWrite(3);
    append(state, message(state.nextTime(database.clock)));
    outbox.scheduleCopy();
    const copying = database.passes(0);
    expect(await outbox.drain()).toBe(true);
    await copying;
    expect(database.row.timestamp).toBe(state.log.head);
  });

  test("[I11] an edit writes the row at once, with all messages before it", async () => {
    await peopleWrite(6);
    append(state, message(state.nextTime(database.clock)));
    const edited = { ...message(NOON), content: "edited", patchedAt: state.nextTime(database.clock) };
    state.log.patched.rewrite(edited);
    outbox.scheduleCopy();
    await database.passes(1_000);
    expect(database.row).toEqual({ timestamp: state.log.head, patchedAt: state.log.end });
  });

  test("[I11] the alarm of an object that hibernated before it writes the row, and D1 does not count as behind", async () => {
    await peopleWrite(9);
    database.timers.splice(0);
    hibernate();
    expect(await outbox.drain()).toBe(true);
    expect(database.row.timestamp).toBe(state.log.head);
    expect(database.reports).toEqual([]);
  });

  test("[I11] a row that is behind is found also if the object stored meanwhile that its facts are in D1", async () => {
    await peopleWrite(9);
    state.copy.setIndexed(state.change({ name: "pair" }, database.clock));
    hibernate();
    expect(await outbox.drain()).toBe(true);
    expect(database.row.timestamp).toBe(state.log.head);
  });
});

describe("a copy of more than one batch", () => {
  /** More than two batches, and a pace that has seen copies of 100 ms. */
  function writeMuch(): void {
    for (let copy = 0; copy < 50; copy++) pace.addDuration(100);
    for (let at = 0; at < 250; at++) append(state, message(NOON + at));
    database.clock = NOON + 250;
    outbox.scheduleCopy();
  }

  test("[I13] it leaves thread and disk to messages between its batches", async () => {
    writeMuch();
    await database.passes(0);
    expect(database.saved).toHaveLength(100);
    await database.passes(8_000);
    expect(database.saved).toHaveLength(200);
    await database.passes(8_000);
    expect(database.saved).toHaveLength(250);
  });

  test("[I11] it does not pause when somebody waits for it", async () => {
    writeMuch();
    await database.passes(0);
    expect(await outbox.drain()).toBe(true);
    expect(database.saved).toHaveLength(250);
  });

  test("[I11] it does not pause when its messages have waited for long", async () => {
    writeMuch();
    database.clock = NOON + 20_000;
    await database.passes(0);
    expect(database.saved).toHaveLength(250);
  });

  test("[I11] it ends if the conversation is deleted meanwhile", async () => {
    writeMuch();
    await database.passes(0);
    state.delete(database.clock);
    await database.passes(8_000);
    expect(database.saved).toHaveLength(100);
  });
});
