import { expect, test } from "vitest";
import { Inbox } from "../../../src/client/inbox.ts";
import { MemorySql } from "../../support/sqlite.ts";

test("[I4] what comes while a catch-up is under way is not removed by its answer", () => {
  const inbox = new Inbox(new MemorySql());
  inbox.add("chat");
  const asked = inbox.arrivals("chat");
  inbox.add("chat"); // a message, after the conversation counted nothing unread
  inbox.remove("chat", asked);
  expect([...inbox.conversations()]).toEqual(["chat"]);
  inbox.remove("chat", inbox.arrivals("chat"));
  expect([...inbox.conversations()]).toEqual([]);
});

test("[I9] the inbox is the same after the object slept, and an empty one leaves no table", () => {
  const sql = new MemorySql();
  expect([...new Inbox(sql).conversations()]).toEqual([]);
  expect(sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
  const inbox = new Inbox(sql);
  for (const id of ["one", "two", "one"]) inbox.add(id);
  expect([...new Inbox(sql).conversations()].sort()).toEqual(["one", "two"]);
});
