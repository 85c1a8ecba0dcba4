import { describe, expect, test } from "vitest";
import type { MessageRecord } from "../../../src/model/records.ts";
import * as pushes from "../../../src/protocol/client-events.ts";
import { conversationJson } from "../../../src/protocol/conversation-json.ts";
import { CommandType } from "../../../src/protocol/generated/message_pb.js";
import * as replies from "../../../src/protocol/replies.ts";
import * as sessionReplies from "../../../src/protocol/session-replies.ts";
import { decodeFrame, has, plain } from "../../support/frames.ts";
import { message } from "../../support/records.ts";
import { room, temporary } from "./records.ts";

/** What must be on the wire and what must not (wire §10.1; the numbers are its rows). */

const greeting = message(1_700_000_000_000, { id: "m1", from: "alice", content: "hi" });

const notice = { conversationId: "c1", by: "alice", updatedAt: 1_700_000_000_000 };

const everyPush: Record<string, Uint8Array> = {
  joined: pushes.joined({ ...notice, kind: "normal" }),
  membersJoined: pushes.membersJoined({ ...notice, members: ["bob"] }),
  left: pushes.left(notice),
  membersLeft: pushes.membersLeft({ ...notice, members: ["bob"] }),
  conversationChanged: pushes.conversationChanged({
    ...notice,
    changed: { name: "x" },
    resulting: { name: "x" },
  }),
  message: pushes.message({ conversationId: "c1", kind: "normal", message: greeting }),
  unread: pushes.unread({
    conversations: [
      { conversationId: "c1", kind: "normal", unread: 1, lastMessage: greeting, mentioned: true },
    ],
    notifiedAt: 1,
  }),
  receipt: pushes.receipt({ messageId: "m1", conversationId: "c1", timestamp: 1, from: "bob", read: false }),
  patched: pushes.patched({ conversationId: "c1", message: { ...greeting, patchedAt: 5 } }),
  sessionEnded: pushes.sessionEnded({ error: "SESSION_CONFLICT" }),
  goAway: pushes.goAway(),
};

describe.each(Object.entries(everyPush))("the event %s", (name, frame) => {
  const command = decodeFrame(frame);
  test(`[6] the event ${name} has service 2 and the server's time`, () => {
    expect(command.service).toBe(2);
    expect(Number(command.serverTs)).toBeGreaterThan(0);
  });
  test(`[8] the event ${name} has no serial`, () => expect(has(command, "i")).toBe(false));
  test(`the event ${name} has its command, and a notification type only if it is kept`, () => {
    expect(has(command, "cmd")).toBe(true);
    expect(has(command, "notificationType")).toBe(command.cmd === CommandType.conv);
  });
});

test.each([0, -1, -65_535, 65_535])("[9] a reply has the serial %i of its command", (serial) => {
  const command = decodeFrame(replies.messagesPatched(serial, { lastPatchTime: 1 }));
  expect(has(command, "i")).toBe(true);
  expect(command.i).toBe(serial);
});

test("[9] a reply to a command without a serial has none", () => {
  expect(has(decodeFrame(replies.errorReply(undefined, "SESSION_TOKEN_EXPIRED")), "i")).toBe(false);
});

test("[10] a message's acknowledgement has no code", () => {
  const accepted = replies.messageAccepted(1, { conversationId: "c1", messageId: "m1", timestamp: 5 });
  expect(plain(accepted).ackMessage).toEqual({ uid: "m1", t: 5, cid: "c1" });
});

test("[10] [21] the answer to session/close has no code", () => {
  const { sessionMessage } = decodeFrame(sessionReplies.sessionClosed(1));
  expect(sessionMessage).toBeDefined();
  expect(has(sessionMessage, "code")).toBe(false);
});

test("[11] only a read receipt has the field read", () => {
  const receipt = { messageId: "m1", conversationId: "c1", timestamp: 5, from: "bob" };
  expect(plain(pushes.receipt({ ...receipt, read: false })).rcpMessage).toEqual({
    id: "m1",
    cid: "c1",
    t: 5,
    from: "bob",
  });
  expect(decodeFrame(pushes.receipt({ ...receipt, read: true })).rcpMessage?.read).toBe(true);
});

test("[12] a patch reason goes out only when the system made the change", () => {
  const edited = { ...greeting, patchedAt: 9 };
  const itemOf = (frame: Uint8Array) => decodeFrame(frame).patchMessage?.patches[0];
  const own = itemOf(pushes.patched({ conversationId: "c1", message: edited }));
  expect([has(own, "patchCode"), has(own, "patchReason"), has(own, "recall")]).toEqual([false, false, false]);
  const reason = { code: -4408, detail: "filtered" };
  const system = itemOf(pushes.patched({ conversationId: "c1", message: edited, reason }));
  expect([system?.patchCode, system?.patchReason]).toEqual([-4408n, "filtered"]);
  const nought = pushes.patched({ conversationId: "c1", message: edited, reason: { code: 0, detail: "" } });
  expect(has(itemOf(nought), "patchCode")).toBe(false);
});

test("[13] the command session is encoded although it is 0", () => {
  expect([...sessionReplies.sessionClosed(1)].join()).toMatch(/(^|,)8,0(,|$)/);
  expect(has(decodeFrame(sessionReplies.sessionOpened(1, { token: "t", tokenTtl: 1 })), "cmd")).toBe(true);
});

test("[14] an unread count of 0 is encoded", () => {
  const summary = { conversationId: "c1", kind: "normal", unread: 0, mentioned: false } as const;
  const tuple = decodeFrame(pushes.unread({ conversations: [summary], notifiedAt: 1 })).unreadMessage
    ?.convs[0];
  expect([has(tuple, "unread"), has(tuple, "cid"), has(tuple, "mentioned")]).toEqual([true, true, true]);
});

test("[15] an unread event without conversations cannot be built", () => {
  expect(() => pushes.unread({ conversations: [], notifiedAt: 1 })).toThrow(RangeError);
});

test("[16] an unread tuple has the id of a message only with its content", () => {
  const tupleOf = (lastMessage: MessageRecord | undefined) => {
    const summary = {
      conversationId: "c1",
      kind: "normal",
      unread: 1,
      mentioned: false,
      lastMessage,
    } as const;
    return decodeFrame(pushes.unread({ conversations: [summary], notifiedAt: 1 })).unreadMessage?.convs[0];
  };
  expect(has(tupleOf(undefined), "mid")).toBe(false);
  const text = tupleOf(greeting);
  expect([text?.mid, text?.data, has(text, "binaryMsg")]).toEqual(["m1", "hi", false]);
  const binary = tupleOf({ ...greeting, content: new Uint8Array([1, 0xff]) });
  expect([has(binary, "data"), binary?.binaryMsg]).toEqual([false, new Uint8Array([1, 0xff])]);
  const empty = tupleOf({ ...greeting, content: new Uint8Array() });
  expect([has(empty, "data"), has(empty, "binaryMsg")]).toEqual([true, false]);
});

test("[17] [18] opened and refreshed carry token and lifetime", () => {
  const session = { token: "tok", tokenTtl: 60 };
  const expected = { st: "tok", stTtl: 60 };
  expect(plain(sessionReplies.sessionOpened(1, session)).sessionMessage).toEqual(expected);
  expect(plain(sessionReplies.sessionRefreshed(1, session)).sessionMessage).toEqual(expected);
});

test("[19] the lifetime of a token fits into Java's numbers", () => {
  const opened = decodeFrame(sessionReplies.sessionOpened(1, { token: "t", tokenTtl: 90 * 86_400 }));
  expect(opened.sessionMessage?.stTtl).toBe(2_147_483);
});

test("[25] [26] [27] a conversation object has no nulls, real booleans and a Date for lm", () => {
  const json = conversationJson(room({ lastMessageAt: 1_700_000_000_000 }), { compact: false });
  expect(Object.values(json)).not.toContain(null);
  expect([json.tr, json.unique, json.sys, json.temp]).toEqual([true, false, undefined, undefined]);
  expect(json.lm).toEqual({ __type: "Date", iso: "2023-11-14T22:13:20.000Z" });
});

test("[24] a conversation object has the times of its creation and last change", () => {
  const json = conversationJson(room({}), { compact: true });
  expect([json.createdAt, json.updatedAt]).toEqual(["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.001Z"]);
});

test("[28] a last message has whether it is binary", () => {
  const text = conversationJson(room({}), { compact: true, lastMessage: greeting });
  expect([text.msg, text.bin]).toEqual(["hi", false]);
  const bytes = { ...greeting, content: new Uint8Array([0xfb, 0xff]) };
  const binary = conversationJson(room({}), { compact: true, lastMessage: bytes });
  expect([binary.msg, binary.bin]).toEqual(["+/8=", true]);
  expect(conversationJson(room({}), { compact: true })).not.toHaveProperty("bin");
});

test("[29] a temporary conversation has both keys C# looks for", () => {
  const json = conversationJson(temporary({ timeToLive: 600 }), { compact: false });
  expect(json).toMatchObject({ temp: true, tempConv: true, tempConvTTL: 600, ttl: 600, conv_type: 4 });
  const unsaid = conversationJson(temporary({ timeToLive: undefined }), { compact: false });
  expect(unsaid).toMatchObject({ tempConv: true, tempConvTTL: 86_400 });
});

test("[31] changes of members and columns have their time", () => {
  const change = { conversationId: "c1", updatedAt: 1_700_000_000_000, allowed: ["bob"], failed: [] };
  const frames = [
    replies.membersAdded(1, change),
    replies.membersRemoved(1, change),
    replies.conversationUpdated(1, change),
    everyPush.joined,
    everyPush.membersJoined,
    everyPush.left,
    everyPush.membersLeft,
    everyPush.conversationChanged,
  ];
  for (const frame of frames) {
    expect(frame && decodeFrame(frame).convMessage?.udate).toBe("2023-11-14T22:13:20.000Z");
  }
});

test("[32] the reply and the event of an update have the resulting columns", () => {
  const update = {
    conversationId: "c1",
    updatedAt: 1,
    changed: { "attr.k": 1 },
    resulting: { attr: { k: 1, l: 2 } },
  };
  for (const frame of [
    replies.conversationUpdated(1, update),
    pushes.conversationChanged({ ...update, by: "alice" }),
  ]) {
    const conversation = decodeFrame(frame).convMessage;
    expect(conversation?.attr?.data).toBe('{"attr.k":1}');
    expect(conversation?.attrModified?.data).toBe('{"attr":{"k":1,"l":2}}');
  }
});

test("[35] history is encoded oldest first, and by id at the same time", () => {
  const at = (timestamp: number, id: string): MessageRecord => ({ ...greeting, timestamp, id });
  const messages = [at(3, "c"), at(2, "b"), at(2, "a"), at(1, "z")];
  const page = decodeFrame(replies.historyPage(1, { conversationId: "c1", kind: "room", messages }));
  expect(page.logsMessage?.logs.map((item) => item.msgId)).toEqual(["z", "a", "b", "c"]);
});

test("[36] a page of history has its serial", () => {
  expect(decodeFrame(replies.historyPage(0, { conversationId: "c", kind: "room", messages: [] })).i).toBe(0);
});

test("[42] service 0 of the push login is encoded", () => {
  const command = decodeFrame(replies.loggedIn(undefined, 0, "device"));
  expect([has(command, "service"), command.service, has(command, "loggedinMessage")]).toEqual([
    true,
    0,
    true,
  ]);
  expect(has(command, "i")).toBe(false);
});

test("[45] [48] refusals have code and reason, and those of messages an id and time too", () => {
  expect(plain(replies.errorReply(1, "SILIENCED", { detail: "d" })).errorMessage).toEqual({
    code: 4563,
    reason: "SILIENCED",
    detail: "d",
  });
  const refused = replies.messageRefused(1, {
    conversationId: "c1",
    error: "MESSAGE_REJECTED_BY_APP",
    messageId: "m1",
    timestamp: 5,
    appCode: 7,
    appMessage: "no",
  });
  expect(plain(refused).ackMessage).toEqual({
    code: 4402,
    reason: "MESSAGE_REJECTED_BY_APP",
    cid: "c1",
    uid: "m1",
    t: 5,
    appCode: 7,
    appMsg: "no",
  });
});

test("a plain message encodes no option with its default", () => {
  expect(plain(everyPush.message ?? new Uint8Array()).directMessage).toEqual({
    id: "m1",
    cid: "c1",
    fromPeerId: "alice",
    timestamp: 1_700_000_000_000,
    convType: 1,
    msg: "hi",
  });
});

test("an event that offline clients receive later is marked permanent and has its time", () => {
  const updatedAt = 1_700_000_000_123;
  const kept = { ...notice, updatedAt };
  for (const frame of [
    pushes.joined({ ...kept, kind: "normal" }),
    pushes.membersJoined({ ...kept, members: ["bob"] }),
    pushes.left(kept),
    pushes.membersLeft({ ...kept, members: ["bob"] }),
    pushes.conversationChanged({ ...kept, changed: {}, resulting: {} }),
    pushes.receipt({
      messageId: "m1",
      conversationId: "c1",
      timestamp: 1,
      from: "bob",
      read: true,
      keptAt: updatedAt,
    }),
  ]) {
    expect(decodeFrame(frame)).toMatchObject({ notificationType: 1, serverTs: BigInt(updatedAt) });
  }
});
