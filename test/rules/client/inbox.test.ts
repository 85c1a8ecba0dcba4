import { expect, test } from "vitest";
import { clientTables } from "../../../src/client/client-tables.ts";
import { Inbox } from "../../../src/client/inbox.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { MemorySql } from "../../support/sqlite.ts";

const fresh = { unread: undefined, reads: undefined, patches: undefined };
const unchanged = { patchedAt: 0, readAt: 0, noticedAt: 0 };
const read = { pending: false, changed: unchanged };
const NOW = 1_800_000_000_000;

test("[I4] news that arrives during a catch-up is not removed by its answer", () => {
  const inbox = new Inbox(clientTables(new MemorySql()));
  inbox.add("chat");
  const asked = inbox.arrivals("chat");
  inbox.add("chat"); // a message, after the conversation counted nothing unread
  inbox.settle("chat", asked, catchUpModes.COUNTS, read, NOW);
  expect(inbox.newsFor(catchUpModes.COUNTS, fresh)).toEqual(["chat"]);
  inbox.settle("chat", inbox.arrivals("chat"), catchUpModes.COUNTS, read, NOW);
  expect(inbox.newsFor(catchUpModes.COUNTS, fresh)).toEqual([]);
});

test("[I9] the inbox is the same after the object hibernated, and an empty one has no table", () => {
  const sql = new MemorySql();
  expect(new Inbox(clientTables(sql)).newsFor(catchUpModes.COUNTS, fresh)).toEqual([]);
  expect(sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
  const inbox = new Inbox(clientTables(sql));
  for (const id of ["one", "two", "one"]) inbox.add(id);
  expect(new Inbox(clientTables(sql)).newsFor(catchUpModes.COUNTS, fresh).sort()).toEqual(["one", "two"]);
});

test("[M-19] [Y-21] a device that was offline longer finds what another device has received already", () => {
  const sql = new MemorySql();
  const inbox = new Inbox(clientTables(sql));
  inbox.add("chat");
  const changed = { patchedAt: NOW - 100, readAt: NOW - 50, noticedAt: NOW - 25 };
  inbox.settle("chat", inbox.arrivals("chat"), catchUpModes.COUNTS, { pending: false, changed }, NOW);
  const later = new Inbox(clientTables(sql));
  expect(later.newsFor(catchUpModes.COUNTS, fresh)).toEqual([]);
  expect(later.newsFor(catchUpModes.COUNTS, { ...fresh, patches: NOW - 101 })).toEqual(["chat"]);
  expect(later.newsFor(catchUpModes.COUNTS, { ...fresh, patches: NOW - 100 })).toEqual([]);
  expect(later.newsFor(catchUpModes.COUNTS, { ...fresh, reads: NOW - 51 })).toEqual(["chat"]);
  expect(later.newsFor(catchUpModes.COUNTS, { ...fresh, reads: NOW - 50 })).toEqual([]);
  expect(later.noticesAfter(NOW - 26)).toEqual(["chat"]);
  expect(later.noticesAfter(NOW - 25)).toEqual([]);
});

test("the inbox forgets a conversation without news for a month", () => {
  const inbox = new Inbox(clientTables(new MemorySql()));
  inbox.add("chat");
  const changed = { patchedAt: NOW, readAt: NOW, noticedAt: NOW };
  const month = 31 * 24 * 60 * 60 * 1000;
  inbox.settle("chat", inbox.arrivals("chat"), catchUpModes.COUNTS, { pending: false, changed }, NOW + month);
  expect(inbox.noticesAfter(0)).toEqual([]);
});

test("[Y-06] news that a .3 device has received is still new for a .1 device, and the other way round", () => {
  const sql = new MemorySql();
  const inbox = new Inbox(clientTables(sql));
  inbox.add("before");
  inbox.beginMessagesMode(NOW);
  inbox.add("after");
  for (const id of ["before", "after"]) inbox.settle(id, inbox.arrivals(id), catchUpModes.COUNTS, read, NOW);
  const later = new Inbox(clientTables(sql));
  expect(later.messagesModeSince).toBe(NOW);
  expect(later.newsFor(catchUpModes.COUNTS, fresh)).toEqual([]);
  expect(later.newsFor(catchUpModes.MESSAGES, fresh).sort()).toEqual(["after", "before"]);
  for (const id of ["before", "after"])
    later.settle(id, later.arrivals(id), catchUpModes.MESSAGES, read, NOW);
  expect(later.newsFor(catchUpModes.MESSAGES, fresh)).toEqual([]);
});

test("an inbox that an earlier version wrote is read", () => {
  const sql = new MemorySql();
  sql.exec("CREATE TABLE inbox (conversation_id TEXT PRIMARY KEY) WITHOUT ROWID");
  sql.exec("INSERT INTO inbox VALUES (?)", "chat");
  const inbox = new Inbox(clientTables(sql));
  expect(inbox.newsFor(catchUpModes.COUNTS, fresh)).toEqual(["chat"]);
  inbox.add("other");
  expect(new Inbox(clientTables(sql)).newsFor(catchUpModes.COUNTS, fresh).sort()).toEqual(["chat", "other"]);
});
