import { expect, test } from "vitest";
import { conversationJson } from "../../../src/protocol/conversation-json.ts";
import { message } from "../../support/records.ts";
import { normal, room } from "./records.ts";

const whole = { compact: false };

test("a normal conversation has all its fields", () => {
  const record = normal({
    name: "lunch",
    muted: ["bob"],
    attributes: { colour: "red" },
    columns: { topic: "food" },
    unique: true,
    uniqueId: "6c7b0e5afcae9aa1139a0afa25833dec",
    lastMessageAt: 1_700_000_000_002,
  });
  expect(conversationJson(record, whole)).toEqual({
    objectId: record.id,
    name: "lunch",
    c: "alice",
    m: ["alice", "bob"],
    mu: ["bob"],
    attr: { colour: "red" },
    topic: "food",
    unique: true,
    uniqueId: "6c7b0e5afcae9aa1139a0afa25833dec",
    conv_type: 1,
    createdAt: "2023-11-14T22:13:20.000Z",
    updatedAt: "2023-11-14T22:13:20.001Z",
    lm: { __type: "Date", iso: "2023-11-14T22:13:20.002Z" },
  });
});

test("[B-21] a compact conversation has its mutes and no members", () => {
  const json = conversationJson(normal({}), { compact: true });
  expect(json).not.toHaveProperty("m");
  expect(json.mu).toEqual([]);
});

test("a custom column cannot replace a known one", () => {
  const columns = { objectId: "other", c: "mallory", conv_type: 3, unique: "yes" };
  const json = conversationJson(normal({ columns }), whole);
  expect(json).toMatchObject({ objectId: normal({}).id, c: "alice", conv_type: 1, unique: false });
});

test("a chat room is marked tr", () => {
  expect(conversationJson(room({}), whole)).toMatchObject({ tr: true, conv_type: 2, m: [] });
});

test("a service conversation shows each client its own subscription and no other", () => {
  const record = normal({ kind: "system", members: ["alice", "bob"], muted: ["bob"] });
  const subscription = { since: 7, muted: true };
  const json = conversationJson(record, { compact: false, forClient: "bob", subscription });
  expect(json).toMatchObject({ sys: true, conv_type: 3, joined: true, joinedAt: 7, muted: true });
  expect(json).not.toHaveProperty("m");
  expect(json).not.toHaveProperty("mu");
  const stranger = conversationJson(record, { compact: false, forClient: "carol" });
  expect(stranger).toMatchObject({ joined: false, muted: false });
  expect(stranger).not.toHaveProperty("joinedAt");
});

test("[B-22] a conversation has its last message, edited or not", () => {
  const lastMessage = message(5, { id: "m1", from: "bob", content: "hi", mentions: ["alice"], patchedAt: 9 });
  expect(conversationJson(normal({}), { compact: true, lastMessage })).toMatchObject({
    msg: "hi",
    bin: false,
    msg_mid: "m1",
    msg_from: "bob",
    msg_timestamp: 5,
    patch_timestamp: 9,
    mention_all: false,
    mention_pids: ["alice"],
  });
  const fresh = conversationJson(normal({}), {
    compact: true,
    lastMessage: { ...lastMessage, patchedAt: undefined },
  });
  expect(fresh).not.toHaveProperty("patch_timestamp");
});

test("the last message's time comes after the message, which C# reads in order", () => {
  const lastMessage = message(5, { id: "m1", from: "bob", content: "hi" });
  const keys = Object.keys(conversationJson(normal({ lastMessageAt: 5 }), { compact: false, lastMessage }));
  expect(keys.indexOf("lm")).toBeGreaterThan(keys.indexOf("msg_timestamp"));
});

test("a conversation shows a client whether that client muted it", () => {
  const record = normal({ muted: ["bob"] });
  expect(conversationJson(record, { compact: false, forClient: "bob" }).muted).toBe(true);
  expect(conversationJson(record, { compact: false, forClient: "alice" }).muted).toBe(false);
  expect(conversationJson(record, { compact: false })).not.toHaveProperty("muted");
});
