import { beforeEach, expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { append, BEGINNING, everything, message, pageOf, pairChat, timesOf } from "../people.ts";

/** Rows of messages that are older than messages are kept, deleted bit by bit. */

let sql: MemorySql;
let state: ConversationState;
beforeEach(() => {
  sql = new MemorySql();
  state = pairChat(sql);
  for (let at = 0; at < 10; at += 1) append(state, message(2_000 + at * 10, { recipients: ["jerry"] }));
});

const rows = () =>
  sql
    .exec<{ timestamp: number }>("SELECT timestamp FROM messages ORDER BY timestamp")
    .toArray()
    .map(({ timestamp }) => timestamp);

const woken = (): ConversationState => {
  const found = ConversationState.load(conversationTables(sql));
  if (found === undefined) throw new Error("no conversation");
  return found;
};

test("[B-30] the oldest rows are deleted a slice at a time, up to the time and no further", () => {
  const { expired } = state.log;
  expect(expired.oldest).toBe(2_000);
  expect(expired.delete(2_045, 3)).toMatchObject({ count: 3, upTo: 2_020, isComplete: false });
  expect(expired.delete(2_045, 3)).toMatchObject({ count: 2, upTo: 2_040, isComplete: true });
  expect(expired.delete(2_045, 3)).toMatchObject({ count: 0, isComplete: true });
  expect(rows()).toEqual([2_050, 2_060, 2_070, 2_080, 2_090]);
  expect(expired.oldest).toBe(2_050);
});

test("[B-30] a slice names the clients that its messages were from and for", () => {
  expect([...state.log.expired.delete(3_000, 2).clients].toSorted()).toEqual(["jerry", "tom"]);
});

test("[B-30] [I2] the log ends where it ended when all its messages are deleted, and nothing of the last one is left", () => {
  state.log.patched.rewrite({ ...message(2_030, { content: "edited" }), patchedAt: 2_100 });
  expect(state.log.expired.delete(3_000, 100)).toMatchObject({ count: 8, isComplete: true });
  expect(rows()).toEqual([2_030, 2_090]);
  const { log } = woken();
  expect([log.head, log.end]).toEqual([2_090, 2_100]);
  expect(log.expired.oldest).toBeUndefined();
  expect(timesOf(pageOf(log, everything, undefined))).toEqual([]);
  const kept = sql.exec("SELECT sender, token, content, recipients FROM messages").toArray();
  const empty = { sender: "", token: null, content: "", recipients: null };
  expect(kept).toEqual([empty, empty]);
  append(state, message(2_200));
  expect(state.log.expired.delete(2_150, 100)).toMatchObject({ count: 1 });
  expect(rows()).toEqual([2_030, 2_200]);
});

test("[B-30] an unread count that was known before its messages were deleted is right after it", () => {
  expect(state.log.unread("jerry", BEGINNING).count).toBe(10);
  state.log.readableFrom.follow(() => 2_050);
  expect(state.log.unread("jerry", BEGINNING).count).toBe(5);
  state.log.expired.delete(2_050, 100);
  expect(state.log.unread("jerry", BEGINNING).count).toBe(5);
  state.log.readableFrom.follow(() => 2_070);
  expect(state.log.unread("jerry", BEGINNING).count).toBe(3);
  state.log.readableFrom.follow(() => 0);
  expect(state.log.unread("jerry", BEGINNING).count).toBe(5);
});

test("[B-30] [I11] a copy that lacks everything gets no message that was deleted", () => {
  state.log.expired.delete(3_000, 100);
  const missing = woken().log.missing.from({ timestamp: 0, patchedAt: 0 }, 10);
  expect(missing.map(({ timestamp, deleted }) => [timestamp, deleted])).toEqual([[2_090, true]]);
});
