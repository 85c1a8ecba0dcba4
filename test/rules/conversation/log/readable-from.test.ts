import { beforeEach, expect, test } from "vitest";
import { replayOf } from "../../../../src/conversation/delivery/replay.ts";
import type { HistoryRequest } from "../../../../src/conversation/log/history-pages.ts";
import type { Log } from "../../../../src/conversation/log/log.ts";
import type { ConversationState } from "../../../../src/conversation/state.ts";
import { readRecords } from "../../../../src/protocol/link-records.ts";
import { defaultSettings } from "../../../../src/settings/schema.ts";
import { append, BEGINNING, everything, message, pageOf, pairChat, timesOf } from "../people.ts";

/** What is older than messages are kept, while its rows are still there. */

let state: ConversationState;
let log: Log;
beforeEach(() => {
  state = pairChat();
  log = state.log;
  for (const time of [2_000, 2_010, 2_020, 2_030])
    append(state, message(time, { receipt: true, mentionAll: time === 2_000 }));
});

/** From now on, messages are kept from this time (ms). */
const keepFrom = (time: number) => log.readableFrom.follow(() => time);

const page = (request: Partial<HistoryRequest>, clientId: string | undefined = "jerry") =>
  timesOf(pageOf(log, { ...everything, ...request }, clientId));

const at = (timestamp: number) => ({ timestamp, messageId: undefined, inclusive: false });

/** The times of the entries that a replay shows, and of those that it skips. */
function replayed(after: number) {
  const replay = replayOf(state, "jerry", after, defaultSettings(false));
  if (replay === "too far behind") throw new Error(replay);
  const stored = (replay === undefined ? [] : readRecords(replay)).filter((each) => each.kind === "stored");
  expect(stored.slice(1).map(({ previous }) => previous)).toEqual(
    stored.slice(0, -1).map(({ timestamp }) => timestamp),
  );
  const times = (isEmpty: boolean) =>
    stored.filter(({ payload }) => (payload.length === 0) === isEmpty).map(({ timestamp }) => timestamp);
  return { shown: times(false), passed: times(true) };
}

test("[B-30] history of a conversation begins where messages are kept, in either direction and for every reader", () => {
  keepFrom(2_020);
  for (const reader of ["jerry", undefined]) {
    expect(page({ direction: "newer" }, reader)).toEqual([2_020, 2_030]);
    expect(page({ direction: "older" }, reader)).toEqual([2_020, 2_030]);
    expect(page({ direction: "older", start: at(2_020) }, reader)).toEqual([]);
    expect(page({ direction: "newer", start: at(2_000) }, reader)).toEqual([2_020, 2_030]);
    expect(page({ direction: "older", start: at(2_030), end: at(2_000) }, reader)).toEqual([2_020]);
    expect(page({ direction: "older", limit: 1, start: at(2_030) }, reader)).toEqual([2_020]);
  }
});

test("[B-30] a message that is too old is found by nobody, nor is it the last one", () => {
  expect(log.find(2_030, "message-2030")).toBeDefined();
  keepFrom(2_031);
  expect(log.find(2_030, "message-2030")).toBeUndefined();
  expect(log.atAll([2_000, 2_030])).toEqual([]);
  expect(log.newestUpTo(2_030)).toBeUndefined();
  expect(log.lastVisible()).toBeUndefined();
  expect(log.lastVisible(undefined, "jerry")).toBeUndefined();
});

test("[B-30] messages that are too old are neither unread, nor missed, nor do they ask for receipts", () => {
  expect(log.unread("jerry", BEGINNING)).toEqual({ count: 4, mentioned: true });
  keepFrom(2_010);
  expect(log.unread("jerry", BEGINNING)).toEqual({ count: 3, mentioned: false });
  expect(log.unread("jerry", BEGINNING, 2_020)).toEqual({ count: 2, mentioned: false });
  expect(log.unread("jerry", 2_020)).toEqual({ count: 1, mentioned: false });
  expect(timesOf(log.fromOthers.newest("jerry", BEGINNING, 3_000, 20).messages)).toEqual([
    2_010, 2_020, 2_030,
  ]);
  expect(log.fromOthers.newest("jerry", BEGINNING, 3_000, 20).more).toBe(false);
  expect(timesOf(log.fromOthers.askingForReceipt("jerry", BEGINNING, 2_020, 20))).toEqual([2_010, 2_020]);
  expect(log.fromOthers.next("jerry", BEGINNING)).toBe(2_010);
  keepFrom(2_031);
  expect(log.unread("jerry", BEGINNING)).toEqual({ count: 0, mentioned: false });
  expect(log.fromOthers.next("jerry", BEGINNING)).toBeUndefined();
});

test("[B-30] while a counted message becomes too old, the count goes down by one, and up again if more are kept", () => {
  const counts = [2_000, 2_011, 2_021, 2_001, 0].map((time) => {
    keepFrom(time);
    return log.unread("jerry", BEGINNING).count;
  });
  expect(counts).toEqual([4, 2, 1, 3, 4]);
});

test("[B-30] [L7.1] a replay skips what is too old and leaves no gap, for a session at any position", () => {
  keepFrom(2_020);
  expect(replayed(BEGINNING)).toEqual({ shown: [2_020, 2_030], passed: [2_010] });
  expect(replayed(2_000)).toEqual({ shown: [2_020, 2_030], passed: [2_010] });
  expect(replayed(2_010)).toEqual({ shown: [2_020, 2_030], passed: [] });
  keepFrom(3_000);
  expect(replayed(2_000)).toEqual({ shown: [], passed: [2_030] });
});

test("[B-30] a change of a message that is too old is shown to nobody, however young the change", () => {
  log.patched.rewrite({ ...message(2_000, { content: "edited" }), patchedAt: 2_040 });
  log.patched.rewrite({ ...message(2_020, { content: "edited" }), patchedAt: 2_050 });
  keepFrom(2_015);
  expect(replayed(2_030)).toEqual({ shown: [2_050], passed: [2_040] });
  expect(timesOf(log.patched.lastVisibleAfter("jerry", 0, 10))).toEqual([2_020]);
});
