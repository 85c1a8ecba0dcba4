import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import type { Subscription } from "../../../../src/conversation/delivery/subscription.ts";
import type { Away } from "../../../../src/conversation/membership/members.ts";
import { OfflinePushes } from "../../../../src/conversation/push/offline-pushes.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import type { AppEvent, EventOf } from "../../../../src/model/app-events.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { message, pairChat, subscription } from "../people.ts";

/*
 * Tom writes to Jerry and Spike, who are away. What is pushed when, and what is known of it after the object hibernated
 * or died.
 */

type OfflineEvent = EventOf<"receiversOffline">;

let sql: MemorySql;
let state: ConversationState;
let pushes: OfflinePushes;
let toms: Subscription;
/** The direct calls, and what ends each. */
let calls: { event: OfflineEvent; done: () => void; failed: () => void }[];
let queued: AppEvent[];
/** How many events each call of the queue had. */
let batches: number[];
/** Whether Tom has a subscription. */
let isConnected: boolean;
let queueFails: boolean;
let hasRoom: boolean;
let alarms: number[];
let settled: Promise<void>;
let returning: number | undefined;
let rowsAreFree: boolean;
let read: string[];
let writes: string[];

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
  sql = new MemorySql();
  state = pairChat(sql);
  goAway("jerry", "spike");
  toms = subscription("tom");
  [calls, queued, batches, alarms, read, writes] = [[], [], [], [], [], []];
  [queueFails, hasRoom, rowsAreFree, isConnected] = [false, true, false, true];
  settled = Promise.resolve();
  returning = undefined;
  open(0);
  const exec = sql.exec.bind(sql);
  vi.spyOn(sql, "exec").mockImplementation((query, ...bindings) => {
    if (!query.startsWith("SELECT")) writes.push(query);
    return exec(query, ...bindings);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function open(settledUpTo: number): void {
  pushes = new OfflinePushes(
    state,
    {
      settled: () => settled,
      isSubscribed: (clientId) => clientId === "tom",
      unknownFor: (clientId) => (clientId === "jerry" ? returning : undefined),
      isUnreachable: () => false,
      subscriptionsOf: (clientIds) => (isConnected && clientIds.includes("tom") ? [toms] : []),
      audience: () => ({ subscriptions: isConnected ? [toms] : [], toWake: [] }),
      update: (each, change) => void Object.assign(each, change),
    },
    settledUpTo,
    {
      now: () => 0,
      pushNow: (event) => {
        if (!hasRoom) return undefined;
        return new Promise((resolve, reject) =>
          calls.push({ event, done: resolve, failed: () => reject(new Error("no answer")) }),
        );
      },
      publish: async (events) => {
        if (queueFails) throw new Error("the queue is down");
        queued.push(...events);
        batches.push(events.length);
      },
      resumeAfter: (delay) => void alarms.push(delay),
      stillNewTo: ({ timestamp, messageId }, clientIds) => {
        const found = state.log.find(timestamp, messageId);
        if (found === undefined || found.recalled || found.deleted) return [];
        return clientIds.filter((clientId) => !read.includes(clientId));
      },
      get rowsAreFree() {
        return rowsAreFree;
      },
    },
  );
}

/** The object hibernated: its sockets know what they were told. */
function hibernate(): void {
  state = load();
  open(toms.pushedUpTo ?? 0);
}

/** The object died with its sockets. */
function crash(): void {
  state = load();
  toms = subscription("tom");
  open(0);
}

function load(): ConversationState {
  const loaded = ConversationState.load(conversationTables(sql));
  if (loaded === undefined) throw new Error("no conversation");
  return loaded;
}

function setAway(clientId: string, away: Away): void {
  const member = state.members.get(clientId);
  if (member !== undefined) state.members.setAway(member, away);
}

function goAway(...clientIds: string[]): void {
  for (const clientId of clientIds) setAway(clientId, "away");
}

/** Tom says something with these words as push data. */
function say(timestamp: number, words: string): void {
  const said = message(timestamp, { id: words });
  const isWanted = pushes.isWanted(said, words);
  state.log.append(said, undefined, 1, isWanted ? words : undefined);
  if (isWanted) pushes.added();
}

async function alarm(): Promise<void> {
  pushes.resume();
  await turns();
}

/** All that is not waiting for anything outside is done. */
const turns = () => new Promise((resolve) => setImmediate(resolve));
const pushed = () => calls.map(({ event }) => event.messageId);
const queuedOf = () => queued.map((event) => ("messageId" in event ? event.messageId : event.name));

async function finish(): Promise<void> {
  for (const { done } of calls) done();
  await turns();
}

describe("[P-01] a message to members who are away", () => {
  test("[P-01] a message is pushed directly with all it takes, and costs no row but its own and one of the alarm", async () => {
    say(2_000, "one");
    await turns();
    expect(calls.map(({ event }) => event)).toMatchObject([
      {
        name: "receiversOffline",
        conversationId: "pairChat",
        messageId: "one",
        from: "tom",
        timestamp: 2_000,
        pushData: "one",
        offline: ["jerry", "spike"],
        muted: [],
      },
    ]);
    await finish();
    expect([queued, alarms]).toEqual([[], [10_000]]);
    expect(writes).toHaveLength(1);
    await alarm();
    expect([writes.length, alarms.length]).toEqual([2, 1]);
    await alarm();
    expect(writes).toHaveLength(2);
  });

  test("[P-01] what the next message carries costs the alarm one row for many messages", async () => {
    for (const time of [2_000, 3_000, 4_000]) {
      say(time, `at ${time}`);
      await turns();
      await finish();
    }
    await alarm();
    expect(writes).toHaveLength(4);
  });

  test("[P-01] a message is pushed once its delivery has settled, and not to who turned out to be online", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    settled = promise;
    say(2_000, "one");
    await turns();
    expect(calls).toEqual([]);
    setAway("spike", "no");
    resolve();
    await turns();
    expect(calls[0]?.event.offline).toEqual(["jerry"]);
  });

  test("[P-01] a message is not pushed while a device may come back, and then to who did not", async () => {
    returning = 5_000;
    say(2_000, "one");
    await turns();
    expect([calls, alarms]).toEqual([[], [10_000, 5_000]]);
    returning = undefined;
    await alarm();
    expect(pushed()).toEqual(["one"]);
  });

  test("[P-01] a message that was recalled, deleted or read before its push is not pushed", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    settled = promise;
    say(2_000, "recalled");
    say(2_001, "deleted");
    say(2_002, "read by Jerry");
    const recalled = state.log.at(2_000);
    if (recalled === undefined) throw new Error("it is there");
    state.log.patched.rewrite({ ...recalled, recalled: true, content: "", patchedAt: 2_500 });
    state.log.patched.delete(2_001, 2_501);
    read.push("jerry");
    resolve();
    await turns();
    expect(calls.map(({ event }) => [event.messageId, event.offline])).toEqual([
      ["read by Jerry", ["spike"]],
    ]);
    await finish();
    await alarm();
    expect(state.log.unpushed.after).toBeUndefined();
  });

  test("[P-01] a message to members who are all connected is not marked", () => {
    for (const clientId of ["jerry", "spike"]) state.removeMember(clientId);
    expect(pushes.isWanted(message(2_000), "news")).toBe(false);
  });

  test("[I11] a message that no queue would take is not pushed, and holds up no other", async () => {
    const large = message(2_000, { content: "x".repeat(130_000) });
    expect(pushes.isWanted(large, undefined)).toBe(false);
  });
});

describe("[I11] what is not pushed directly", () => {
  test("[I11] a push whose call fails goes to the queue, and is settled then", async () => {
    say(2_000, "one");
    await turns();
    calls[0]?.failed();
    await turns();
    expect([queuedOf(), state.log.unpushed.after]).toEqual([["one"], undefined]);
  });

  test("[I11] a push that not even the queue takes is made at the alarm", async () => {
    queueFails = true;
    say(2_000, "one");
    await turns();
    calls[0]?.failed();
    await turns();
    expect([queuedOf(), alarms]).toEqual([[], [10_000, 10_000]]);
    await alarm();
    expect(pushed()).toEqual(["one", "one"]);
  });

  test("[I11] a provider that hangs holds four calls of a conversation, and the messages after them go by the queue", async () => {
    for (let at = 1; at <= 6; at++) say(2_000 + at, `message ${at}`);
    await turns();
    expect(pushed()).toEqual(["message 1", "message 2", "message 3", "message 4"]);
    expect(queuedOf()).toEqual(["message 5", "message 6"]);
    await finish();
    say(3_000, "later");
    await turns();
    expect(pushed().at(-1)).toBe("later");
  });

  test("[I11] pushes go by the queue while too many of the isolate are under way", async () => {
    hasRoom = false;
    say(2_000, "one");
    await turns();
    expect(queuedOf()).toEqual(["one"]);
  });

  test("[I11] a burst is looked through and handed to the queue as much at a time as it takes in a call", async () => {
    const many = Array.from({ length: 150 }, (_, index) => `mouse-${index}`);
    state.addMembers(many, 1_500);
    goAway(...many);
    for (let at = 1; at <= 120; at++) say(2_000 + at, `message ${at}`);
    await turns();
    expect(queued).toHaveLength(240);
    expect(Math.max(...batches)).toBeLessThanOrEqual(101);
  });

  test("[I11] a burst of large messages is not kept in memory as a whole", async () => {
    hasRoom = false;
    for (let at = 1; at <= 6; at++) {
      const large = message(2_000 + at, { id: `message ${at}`, content: "x".repeat(60_000) });
      state.log.append(large, undefined, 1, "");
      pushes.added();
    }
    await turns();
    expect([queued.length, batches]).toEqual([6, [2, 2, 2]]);
  });

  test("[I11] of a burst that the queue takes in part, that part is not handed over again", async () => {
    hasRoom = false;
    for (let at = 1; at <= 150; at++) say(2_000 + at, `message ${at}`);
    await Promise.resolve();
    while (batches.length === 0) await Promise.resolve();
    queueFails = true;
    await turns();
    expect(queued).toHaveLength(100);
    queueFails = false;
    await alarm();
    expect([queued.length, new Set(queuedOf()).size]).toEqual([150, 150]);
  });

  test("[P-01] a message to more than twenty who are away goes by the queue, a hundred in an event", async () => {
    const many = Array.from({ length: 150 }, (_, index) => `mouse-${index}`);
    state.addMembers(many, 1_500);
    goAway(...many);
    say(2_000, "one");
    await turns();
    expect(calls).toEqual([]);
    const sizes = queued.map((event) => (event.name === "receiversOffline" ? event.offline.length : 0));
    expect(sizes).toEqual([100, 52]);
    expect(new Set(queued.map(({ id }) => id)).size).toBe(2);
  });
});

describe("[I9] what is known of pushes later", () => {
  test("[P-01] an object that no socket keeps awake does not make a push again at each alarm after it was evicted", async () => {
    isConnected = false;
    say(2_000, "one");
    await turns();
    crash();
    await alarm();
    await finish();
    calls = [];
    crash();
    await alarm();
    expect([calls, state.log.unpushed.after]).toEqual([[], undefined]);
  });

  test("[P-01] a message that could not be stored changes nothing of what is settled", async () => {
    say(2_000, "one");
    await turns();
    await finish();
    expect(() => state.log.append(message(2_000), undefined, 1)).toThrow("UNIQUE");
    expect(() => state.log.append(message(2_000), undefined, 1, "news")).toThrow("UNIQUE");
    expect(state.log.unpushed.after).toBeUndefined();
    await alarm();
    crash();
    calls = [];
    await alarm();
    expect(calls).toEqual([]);
  });

  test("[P-01] a message that was not pushed before a crash is pushed at the alarm after it", async () => {
    say(2_000, "one");
    await turns();
    crash();
    calls = [];
    await alarm();
    expect(pushed()).toEqual(["one"]);
    expect(calls[0]?.event).toMatchObject({ pushData: "one", offline: ["jerry", "spike"] });
  });

  test("[P-01] after a crash only the last message is pushed again, and none after the alarm", async () => {
    for (const time of [2_000, 3_000, 4_000]) {
      say(time, `at ${time}`);
      await turns();
      await finish();
    }
    crash();
    calls = [];
    await alarm();
    expect(pushed()).toEqual(["at 4000"]);
    await finish();
    await alarm();
    crash();
    calls = [];
    await alarm();
    expect(calls).toEqual([]);
  });

  test("[P-01] where rows are free, a crash repeats no push that was settled", async () => {
    rowsAreFree = true;
    say(2_000, "one");
    await turns();
    await finish();
    crash();
    calls = [];
    await alarm();
    expect(calls).toEqual([]);
  });

  test("[P-01] hibernation repeats no push, before the alarm either", async () => {
    say(2_000, "one");
    await turns();
    await finish();
    hibernate();
    calls = [];
    say(3_000, "two");
    await turns();
    await alarm();
    expect(pushed()).toEqual(["two"]);
  });

  test("[P-01] a push that is under way holds back none after it, and alone is made again after a crash", async () => {
    say(2_000, "slow");
    await turns();
    say(3_000, "quick");
    await turns();
    calls[1]?.done();
    await turns();
    expect(state.log.unpushed.after).toBe(1_999);
    calls[0]?.done();
    await turns();
    expect(state.log.unpushed.after).toBeUndefined();
  });

  test("[P-01] an alarm while a push is under way is followed by another one", async () => {
    say(2_000, "slow");
    await turns();
    await alarm();
    expect([alarms, writes.length]).toEqual([[10_000, 10_000], 1]);
    await finish();
    await alarm();
    expect([alarms.length, writes.length]).toEqual([2, 2]);
  });

  test("[P-01] messages that nobody is pushed are not looked through, and an import hides no push", async () => {
    say(2_000, "one");
    await turns();
    const imported = { timestamp: 5_000, id: "imported", from: "jerry", content: "hello", recalled: false };
    state.log.import([{ ...imported, address: undefined, deliveredAt: undefined }]);
    crash();
    calls = [];
    await alarm();
    expect(pushed()).toEqual(["one"]);
  });

  test("[P-01] more messages than are kept in memory are pushed one after the other", async () => {
    hasRoom = false;
    for (let at = 1; at <= 450; at++) say(2_000 + at, `message ${at}`);
    await turns();
    await turns();
    expect(queued).toHaveLength(450);
    expect(new Set(queuedOf()).size).toBe(450);
    expect(state.log.unpushed.after).toBeUndefined();
  });
});
