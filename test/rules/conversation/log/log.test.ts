import { beforeEach, describe, expect, test } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { replayOf } from "../../../../src/conversation/delivery/replay.ts";
import type { Log } from "../../../../src/conversation/log/log.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import { readRecords } from "../../../../src/protocol/link-records.ts";
import { defaultSettings, settingsFrom } from "../../../../src/settings/schema.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { append, BEGINNING, everything, message, pageOf, pairChat, timesOf } from "../people.ts";

/** Messages for some recipients only, and deleted messages. */

let sql: MemorySql;
let state: ConversationState;
let log: Log;
beforeEach(() => {
  sql = new MemorySql();
  state = pairChat(sql);
  log = state.log;
});

const seenBy = (clientId: string | undefined) => timesOf(pageOf(log, everything, clientId));

/** A replay for a client: the times of visible entries, and of skipped ones. */
function replayed(
  clientId: string,
  after = BEGINNING,
  settings = defaultSettings(false),
): { shown: number[]; passed: number[] } {
  const replay = replayOf(state, clientId, after, settings);
  if (replay === "too far behind") throw new Error("too far behind");
  const stored = (replay === undefined ? [] : readRecords(replay)).filter(
    (record) => record.kind === "stored",
  );
  const split = (empty: boolean) =>
    stored.filter(({ payload }) => (payload.length === 0) === empty).map(({ timestamp }) => timestamp);
  // Each entry must name the one before it.
  const chain = stored.slice(1).map(({ previous }, at) => previous === stored[at]?.timestamp);
  expect(chain).not.toContain(false);
  return { shown: split(false), passed: split(true) };
}

test("[H-01] the recipients and the sender address of a message are stored with it", () => {
  const appended = append(state, message(2_000, { recipients: ["jerry"], address: "192.0.2.1" }));
  const other = append(state, message(2_001, { recipients: [] }));
  const woken = ConversationState.load(conversationTables(sql));
  expect(woken?.log.find(appended.timestamp, appended.id)).toEqual(appended);
  expect(woken?.log.find(other.timestamp, other.id)).toEqual(other);
});

describe("[H-01] a message for some members", () => {
  beforeEach(() => {
    append(state, message(2_000));
    append(state, message(2_010, { recipients: ["jerry"], receipt: true, mentionAll: true }));
    append(state, message(2_020, { from: "jerry", recipients: [] }));
  });

  test("[H-01] a restricted message is in the history of its sender, its recipients and the app's server", () => {
    expect(seenBy("tom")).toEqual([2_000, 2_010]);
    expect(seenBy("jerry")).toEqual([2_000, 2_010, 2_020]);
    expect(seenBy("spike")).toEqual([2_000]);
    expect(seenBy(undefined)).toEqual([2_000, 2_010, 2_020]);
  });

  test("[H-01] [I5] a restricted message counts as unread, missed and waiting for a receipt only for its recipients", () => {
    expect(log.unread("jerry", BEGINNING)).toEqual({ count: 2, mentioned: true });
    expect(log.unread("spike", BEGINNING)).toEqual({ count: 1, mentioned: false });
    expect(log.unread("tom", BEGINNING)).toEqual({ count: 0, mentioned: false });
    expect(timesOf(log.fromOthers.newest("jerry", BEGINNING, 3_000, 20).messages)).toEqual([2_000, 2_010]);
    expect(timesOf(log.fromOthers.newest("spike", BEGINNING, 3_000, 20).messages)).toEqual([2_000]);
    expect(timesOf(log.fromOthers.askingForReceipt("jerry", BEGINNING, 3_000, 20))).toEqual([2_010]);
    expect(timesOf(log.fromOthers.askingForReceipt("spike", BEGINNING, 3_000, 20))).toEqual([]);
    expect(log.fromOthers.next("jerry", 2_000)).toBe(2_010);
    expect(log.fromOthers.next("spike", 2_000)).toBeUndefined();
  });

  test("[H-01] a restricted message is the last one only for its recipients, and never for outsiders", () => {
    expect(log.lastVisible(undefined, "jerry")?.timestamp).toBe(2_020);
    expect(log.lastVisible(undefined, "tom")?.timestamp).toBe(2_010);
    expect(log.lastVisible(undefined, "spike")?.timestamp).toBe(2_000);
    expect(log.lastVisible()?.timestamp).toBe(2_000);
  });

  test("[H-01] [I12] a restricted message and its edit are skipped in the replays of other members", () => {
    log.patched.rewrite({
      ...message(2_010, { recipients: ["jerry"], content: "edited" }),
      patchedAt: 2_030,
    });
    expect(replayed("tom")).toEqual({ shown: [2_000, 2_010, 2_030], passed: [2_020] });
    expect(replayed("jerry")).toEqual({ shown: [2_000, 2_010, 2_020, 2_030], passed: [] });
    expect(replayed("spike")).toEqual({ shown: [2_000], passed: [2_010, 2_020, 2_030] });
    expect(timesOf(log.patched.lastVisibleAfter("jerry", 0, 10))).toEqual([2_010]);
    expect(timesOf(log.patched.lastVisibleAfter("tom", 0, 10))).toEqual([2_010]);
    expect(timesOf(log.patched.lastVisibleAfter("spike", 0, 10))).toEqual([]);
  });
});

describe("a deleted message", () => {
  beforeEach(() => {
    append(state, message(2_000, { receipt: true, mentionAll: true, address: "192.0.2.1" }), "token");
    append(state, message(2_010, { from: "jerry" }));
    log.patched.delete(2_000, 2_020);
  });

  test("a deleted message keeps nothing of its content", () => {
    expect(log.after(0, 10)[0]?.message).toEqual(
      message(2_000, { content: "", patchedAt: 2_020, deleted: true }),
    );
  });

  test("a deleted message is in no history, unread count or catch-up", () => {
    expect(seenBy("tom")).toEqual([2_010]);
    expect(seenBy(undefined)).toEqual([2_010]);
    expect(log.find(2_000, "message-2000")).toBeUndefined();
    expect(log.unread("jerry", BEGINNING)).toEqual({ count: 0, mentioned: false });
    expect(log.fromOthers.newest("jerry", BEGINNING, 3_000, 20)).toEqual({ messages: [], more: false });
    expect(log.fromOthers.askingForReceipt("jerry", BEGINNING, 3_000, 20)).toEqual([]);
    expect(log.fromOthers.next("jerry", BEGINNING)).toBeUndefined();
    expect(log.patched.lastVisibleAfter("jerry", 0, 10)).toEqual([]);
    log.patched.delete(2_010, 2_030);
    expect(log.lastVisible()).toBeUndefined();
    expect(log.lastVisible(undefined, "jerry")).toBeUndefined();
  });

  test("[I2] a deletion has a log entry of its own, which replays skip", () => {
    expect([log.head, log.end]).toEqual([2_010, 2_020]);
    expect(state.nextTime(0)).toBe(2_021);
    expect(replayed("spike")).toEqual({ shown: [2_010], passed: [2_000, 2_020] });
    expect(replayed("spike", 2_010)).toEqual({ shown: [], passed: [2_020] });
  });

  test("[I3] a deleted message is not stored again when a device repeats the send", () => {
    const woken = ConversationState.load(conversationTables(sql));
    expect(woken?.log.accepted.find("tom", "token", 2_030)).toEqual({
      timestamp: 2_000,
      id: "message-2000",
    });
  });

  test("[I11] a deletion is copied to D1 after the entries before it", () => {
    const lacking = (timestamp: number, patchedAt: number) =>
      log.missing.from({ timestamp, patchedAt }, 10).map((each) => [each.timestamp, each.deleted]);
    expect(lacking(2_010, 0)).toEqual([[2_000, true]]);
    expect(lacking(2_010, 2_020)).toEqual([]);
    expect(lacking(0, 0)).toEqual([
      [2_010, false],
      [2_000, true],
    ]);
    expect(log.missing.firstFrom({ timestamp: 0, patchedAt: 0 })).toBe(2_000);
    expect(log.missing.firstFrom({ timestamp: 2_010, patchedAt: 0 })).toBe(2_020);
    expect(log.missing.firstFrom({ timestamp: 2_010, patchedAt: 2_020 })).toBeUndefined();
  });
});

test("[I9] storage without columns for recipients is upgraded once", () => {
  append(state, message(2_000));
  for (const column of ["recipients", "address"]) sql.exec(`ALTER TABLE messages DROP COLUMN ${column}`);
  sql.exec("ALTER TABLE conversation DROP COLUMN behind_since");
  for (let time = 0; time < 2; time++) {
    const woken = ConversationState.load(conversationTables(sql));
    expect(woken?.log.lastVisible()).toEqual(message(2_000));
    expect(woken?.copy.behindSince).toBeUndefined();
  }
});

describe("an edit of a message from before a member joined", () => {
  beforeEach(() => {
    append(state, message(2_000));
    state.addMembers(["quacker"], 2_005);
    append(state, message(2_010));
    log.patched.rewrite({ ...message(2_000, { content: "edited" }), patchedAt: 2_020 });
    log.patched.rewrite({ ...message(2_010, { content: "edited" }), patchedAt: 2_030 });
  });

  test("an edit from before a member joined is replayed to them if they may read the past", () => {
    expect(replayed("quacker")).toEqual({ shown: [2_010, 2_020, 2_030], passed: [2_000] });
  });

  test("[I12] an edit of a message from before a member joined is skipped if members read only later messages", () => {
    const { settings } = settingsFrom({ security: { historyFrom: "joining" } }, false);
    expect(replayed("quacker", BEGINNING, settings)).toEqual({
      shown: [2_010, 2_030],
      passed: [2_000, 2_020],
    });
    expect(replayed("jerry", BEGINNING, settings)).toEqual({
      shown: [2_000, 2_010, 2_020, 2_030],
      passed: [],
    });
  });
});

test("[L7.3] a session more than 5,000 entries behind is not replayed the log", () => {
  for (let at = 1; at <= 5_000; at += 1) append(state, message(BEGINNING + at, {}));
  const settings = defaultSettings(false);
  expect(replayOf(state, "jerry", BEGINNING, settings)).toBeInstanceOf(Uint8Array);
  append(state, message(BEGINNING + 5_001, {}));
  expect(replayOf(state, "jerry", BEGINNING, settings)).toBe("too far behind");
});

test("[I13] [L7.3] a session is replayed 8 MB of the log at most", () => {
  const content = "x".repeat(30_000);
  for (let at = 1; at <= 300; at += 1) append(state, message(BEGINNING + at, { content }));
  expect(replayOf(state, "jerry", BEGINNING, defaultSettings(false))).toBe("too far behind");
});
