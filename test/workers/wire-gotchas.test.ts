import { beforeAll, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import {
  ask,
  change,
  logs,
  look,
  named,
  notices,
  query,
  refusal,
  say,
  settle,
  start,
  update,
} from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { onlineClients, tomsChat } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, http, openWorld, world } from "./support/world.ts";

/** What crashes or hangs an SDK, or makes it lose something: one test per row of wire §10.1. */

beforeAll(() => openWorld());

/** Tom, Jerry and a chat of theirs where everything was said that a server pushes. */
async function livelyChat() {
  const { tom, jerry, mary, toms, jerrys, marys } = await onlineClients("tom", "jerry", "mary");
  const chat = await start(toms, [tom, jerry], {
    unique: false,
    attr: { data: '{"name":"Cheese","attr":{"a":1}}' },
  });
  await toms.push("conv", "members_joined");
  await jerrys.push("conv", "members_joined");
  await change(toms, "add", chat, [mary]);
  await update(toms, chat, { "attr.b": 2 });
  await say(toms, chat, "text");
  await toms.ask({ cmd: "direct", directMessage: { cid: chat, binaryMsg: new Uint8Array([0, 255]) } });
  await say(toms, chat, "passing", { transient: true });
  await jerrys.message("passing");
  jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
  await jerrys.push("unread");
  await change(toms, "remove", chat, [mary]);
  await marys.push("conv", "left");
  await settle(chat, toms, jerrys);
  return { tom, jerry, mary, toms, jerrys, marys, chat };
}

async function route(): Promise<{ response: Response; body: Record<string, unknown> }> {
  const response = await http(`/v1/route?appId=${world.APP_ID}&secure=1`);
  return { response, body: await response.json() };
}

test("[gotcha 1] the route names a primary and a secondary server", async () => {
  const { body } = await route();
  expect(body.server).toMatch(/^wss?:\/\/\S+$/);
  expect(body.secondary).toMatch(/^wss?:\/\/\S+$/);
});

test("[gotcha 2] the route is application/json", async () => {
  const { response } = await route();
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
});

test("[gotcha 3] socket addresses have no query string", async () => {
  const { body } = await route();
  for (const url of [body.server, body.secondary, body.groupUrl]) expect(url).not.toContain("?");
});

test("[gotcha 4] exactly the offered sub-protocol is echoed and no extension", async () => {
  const device = await WorkerdDevice.connect({ protocol: "lc.protobuf2.3" });
  expect(device.response.headers.get("sec-websocket-protocol")).toBe("lc.protobuf2.3");
  expect(device.response.headers.get("sec-websocket-extensions")).toBeNull();
});

test("[gotcha 5] a binary client receives binary frames only, even if it sends text", async () => {
  const { toms: device } = await onlineClients("tom");
  device.sendText("CA4oBw=="); // echo with serial 7
  await device.answer(7);
  expect(device.framing.map(({ text }) => text)).toEqual([false, false]);
});

test("[gotcha 6] [gotcha 7] [gotcha 8] every push names its service and receiver and has no serial", async () => {
  const { tom, jerry, mary, toms, jerrys, marys } = await livelyChat();
  for (const [device, clientId] of [
    [toms, tom],
    [jerrys, jerry],
    [marys, mary],
  ] as const) {
    const pushes = device.pushes();
    expect(pushes.length).toBeGreaterThan(1);
    for (const push of pushes) {
      expect(push.service).toBe(2);
      expect(push.peerId).toBe(clientId);
      expect(Number(push.serverTs)).toBeGreaterThan(1_700_000_000_000);
    }
  }
  const kinds = jerrys
    .pushes()
    .map((push) => `${CommandType[push.cmd]} ${has(push, "op") ? OpType[push.op] : ""}`.trim());
  expect(new Set(kinds)).toEqual(
    new Set(["conv joined", "conv members_joined", "conv members_left", "conv updated", "direct", "unread"]),
  );
});

test.each([0, -1, -65_535, 65_535, 2_147_483_647, -2_147_483_648])(
  "[gotcha 9] the serial %i comes back unchanged in the answer",
  async (serial) => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.connect();
    toms.send({ cmd: "session", op: "open", appId: world.APP_ID, peerId: tom, i: serial });
    expect((await toms.answer(serial)).op).toBe(OpType.opened);
    toms.clientId = tom;
    const chat = await start(toms, [tom]);
    for (const command of [
      { cmd: "direct", directMessage: { cid: chat, msg: "hi" } },
      { cmd: "conv", op: "count", convMessage: { cid: chat } },
      { cmd: "logs", logsMessage: { cid: chat } },
      { cmd: "echo" },
    ] as const) {
      toms.send({ ...command, peerId: tom, i: serial });
      expect((await toms.answer(serial)).cmd).not.toBe(CommandType.error);
    }
    expect(toms.answers(serial)).toHaveLength(5);
  },
);

test("[gotcha 10] the ack of a message has no code, whatever kind of message it is", async () => {
  const { toms, chat } = await tomsChat();
  for (const more of [{}, { transient: true }, { r: true }, { dt: "once" }, { dt: "once" }]) {
    const { ackMessage } = await say(toms, chat, "hi", more);
    expect(has(ackMessage, "code")).toBe(false);
    expect(has(ackMessage, "appCode")).toBe(false);
    expect(ackMessage?.uid).toHaveLength(22);
    expect(Number(ackMessage?.t)).toBeGreaterThan(1_700_000_000_000);
  }
});

test("[gotcha 10] [gotcha 21] the answer to session/close has no code", async () => {
  const { toms } = await onlineClients("tom");
  const closed = await toms.ask({ cmd: "session", op: "close" });
  expect(closed.op).toBe(OpType.closed);
  expect(has(closed.sessionMessage, "code")).toBe(false);
});

test("[gotcha 13] the command session is encoded although its number is 0", async () => {
  const [tom] = named("tom");
  const toms = await WorkerdDevice.connect();
  const opened = await toms.login(tom);
  expect(has(opened, "cmd")).toBe(true);
  expect(toms.framing[0]?.bytes.subarray(0, 2)).toEqual(new Uint8Array([0x08, 0x00]));
});

test("[gotcha 14] [gotcha 39] a reader is sent an encoded unread count of 0 on each of their devices", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const toms = await WorkerdDevice.of(tom);
  const phone = await WorkerdDevice.of(jerry);
  const tablet = await WorkerdDevice.of(jerry);
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "hi");
  await phone.message("hi");
  await tablet.message("hi");
  phone.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
  for (const device of [phone, tablet]) {
    const [tuple] = (await device.push("unread")).unreadMessage?.convs ?? [];
    expect(tuple).toMatchObject({ cid: chat, unread: 0, mentioned: false });
    expect(has(tuple, "unread")).toBe(true);
  }
});

test("[gotcha 15] a client that missed nothing is sent no empty unread event", async () => {
  const { jerry, toms, chat } = await tomsChat();
  const jerrys = await WorkerdDevice.of(jerry);
  await say(toms, chat, "hi");
  await jerrys.message("hi");
  jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
  await jerrys.push("unread");
  jerrys.close();
  const again = await WorkerdDevice.of(jerry);
  await settle(chat, toms, again);
  again.send({ cmd: "read", peerId: jerry, readMessage: { convs: [] } });
  await settle(chat, toms, again);
  expect(again.pushes().filter((push) => push.cmd === CommandType.unread)).toEqual([]);
});

test.each([
  ["a text", { msg: "hi" }],
  ["no text at all", { msg: "" }],
  ["bytes", { binaryMsg: new Uint8Array([1, 2]) }],
])("[gotcha 16] an unread tuple has the content of the last message: %s", async (_, content) => {
  const { jerry, toms, chat } = await tomsChat();
  await toms.ask({ cmd: "direct", directMessage: { cid: chat, ...content } });
  const jerrys = await WorkerdDevice.of(jerry);
  const [tuple] = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
  expect(tuple?.mid).toHaveLength(22);
  expect(has(tuple, "data") || has(tuple, "binaryMsg")).toBe(true);
});

test("[gotcha 17] [gotcha 18] [gotcha 19] opened and refreshed carry a token and a lifetime Java can count", async () => {
  const [tom] = named("tom");
  const toms = await WorkerdDevice.connect();
  const opened = await toms.login(tom);
  const refreshed = await toms.ask({ cmd: "session", op: "refresh" });
  expect(refreshed.op).toBe(OpType.refreshed);
  for (const { sessionMessage } of [opened, refreshed]) {
    expect(sessionMessage?.st).toBeTruthy();
    expect(sessionMessage?.stTtl).toBeGreaterThan(7 * 86_400);
    expect(sessionMessage?.stTtl).toBeLessThanOrEqual(2_147_483);
    expect(has(sessionMessage, "code")).toBe(false);
  }
});

test("[gotcha 22] an open with a serial fails with an error, never with session/closed", async () => {
  const [tom] = named("tom");
  const toms = await WorkerdDevice.connect();
  for (const refused of [await toms.login("x".repeat(65)), await toms.login(tom, { st: "made up" })]) {
    expect(refused.cmd).toBe(CommandType.error);
    expect(refused.errorMessage?.reason).toBeTruthy();
  }
});

test("[gotcha 23] a query by id returns a conversation to strangers, removed members and members that left", async () => {
  const { chat, marys } = await livelyChat();
  const { strangers } = await onlineClients("stranger");
  for (const device of [strangers, marys]) {
    expect(await query(device, { objectId: chat })).toMatchObject([{ objectId: chat, name: "Cheese" }]);
    const several = await query(device, { objectId: { $in: [chat, "nobody-knows-it"] } }, { limit: 999 });
    expect(several).toMatchObject([{ objectId: chat }]);
  }
});

test("[gotcha 24] [gotcha 25] [gotcha 26] [gotcha 27] conversation objects have the types that Java and C# read", async () => {
  const { chat, toms, tom, jerry } = await livelyChat();
  const fresh = await start(toms, [tom], { unique: false });
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  for (const flag of [0, 1, 2, 3]) {
    const byId = await query(toms, { objectId: { $in: [chat, fresh] } }, { flag });
    const byMember = await query(toms, undefined, { flag });
    for (const found of [...byId, ...byMember]) {
      expect(found.createdAt).toMatch(iso);
      expect(found.updatedAt).toMatch(iso);
      expect(Object.values(found)).not.toContain(null);
      for (const kind of ["tr", "sys", "temp", "unique"])
        if (kind in found) expect(found[kind]).toBeTypeOf("boolean");
      for (const list of ["m", "mu"]) if (list in found) expect(found[list]).toBeInstanceOf(Array);
    }
    expect(byId).toHaveLength(2);
    expect(byMember).toHaveLength(2);
  }
  const found = await look(toms, chat);
  expect(found.lm).toEqual({ __type: "Date", iso: expect.stringMatching(iso) });
  expect(found.m).toEqual([jerry, tom].toSorted());
  expect(await look(toms, fresh)).not.toHaveProperty("lm");
});

test("[gotcha 28] the keys of a last message include whether it is binary, and are absent without a message", async () => {
  const { tom, toms, chat } = await tomsChat();
  const none = await look(toms, chat, 2);
  expect(Object.keys(none).filter((key) => /^(msg|bin|mention_)/.test(key))).toEqual([]);
  await say(toms, chat, "text");
  expect(await look(toms, chat, 2)).toMatchObject({ msg: "text", bin: false, msg_from: tom });
  await toms.ask({ cmd: "direct", directMessage: { cid: chat, binaryMsg: new Uint8Array([0, 255]) } });
  expect(await look(toms, chat, 2)).toMatchObject({ msg: "AP8=", bin: true });
});

test("[gotcha 31] every change has a udate newer than all before it", async () => {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom], { unique: false });
  let known = Date.parse(String((await look(toms, chat)).updatedAt));
  const changes: (() => Promise<GenericCommand>)[] = [
    () => change(toms, "add", chat, [jerry]),
    () => update(toms, chat, { name: "Cheese" }),
    () => toms.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } }),
    () => toms.ask({ cmd: "conv", op: "unmute", convMessage: { cid: chat } }),
    () => change(toms, "remove", chat, [jerry]),
  ];
  for (const make of changes) {
    const { convMessage } = await make();
    const udate = Date.parse(convMessage?.udate ?? "");
    expect(udate).toBeGreaterThan(known);
    expect(Date.parse(String((await look(toms, chat)).updatedAt))).toBe(udate);
    known = udate;
  }
});

test("[gotcha 32] [gotcha 33] the reply and the event of an update carry the resulting columns, attr complete", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const attr = { data: JSON.stringify({ name: "Cheese", attr: { kept: [1], changed: 1 } }) };
  const chat = await start(toms, [tom, jerry], { attr });
  const reply = await update(toms, chat, { "attr.changed": 2, name: "Holes" });
  const push = await jerrys.push("conv", "updated");
  for (const { convMessage } of [reply, push]) {
    expect(JSON.parse(convMessage?.attrModified?.data ?? "")).toEqual({
      name: "Holes",
      attr: { kept: [1], changed: 2 },
    });
    expect(JSON.parse(convMessage?.attr?.data ?? "")).toEqual({ name: "Holes", "attr.changed": 2 });
    expect(convMessage?.udate).toBeTruthy();
  }
});

test("[gotcha 34] every operation is answered with its own op", async () => {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom], { unique: false });
  const answers: [keyof typeof OpType, keyof typeof OpType, object][] = [
    ["add", "added", { cid: chat, m: [jerry] }],
    ["remove", "removed", { cid: chat, m: [jerry] }],
    ["update", "updated", { cid: chat, attr: { data: '{"name":"x"}' } }],
    ["query", "results", {}],
    ["count", "result", { cid: chat }],
    ["mute", "updated", { cid: chat }],
    ["unmute", "updated", { cid: chat }],
    ["is_member", "is_member", { cids: [chat] }],
    ["max_read", "max_read", { cid: chat }],
    ["start", "started", { m: [tom] }],
  ];
  for (const [op, expected, convMessage] of answers) {
    const answer = await toms.ask({ cmd: "conv", op, convMessage });
    expect([answer.cmd, OpType[answer.op]]).toEqual([CommandType.conv, expected]);
  }
  const online = await toms.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } });
  expect([online.cmd, OpType[online.op]]).toEqual([CommandType.session, "query_result"]);
  const uploaded = await toms.ask({
    cmd: "report",
    op: "upload",
    reportMessage: { initiative: true, type: "token" },
  });
  expect([uploaded.cmd, OpType[uploaded.op]]).toEqual([CommandType.report, "uploaded"]);
});

test("[gotcha 35] [gotcha 36] history comes oldest first and with its serial, in either direction", async () => {
  const { toms, chat } = await tomsChat();
  for (const text of ["one", "two", "three"]) await say(toms, chat, text);
  for (const direction of [1, 2]) {
    const page = await logs(toms, chat, { direction, limit: 3 });
    expect(page.cmd).toBe(CommandType.logs);
    expect(page.logsMessage?.logs.map((item) => item.data)).toEqual(["one", "two", "three"]);
  }
  expect(toms.received.filter((frame) => frame.cmd === CommandType.logs && !has(frame, "i"))).toEqual([]);
});

test("[gotcha 37] [gotcha 45] commands of features that are not offered are refused in a form that every SDK reads", async () => {
  const { jerry, toms, chat } = await tomsChat();
  const cid = chat;
  for (const op of [
    "query_shutup",
    "add_shutup",
    "remove_shutup",
    "check_shutup",
    "member_info_update",
  ] as const) {
    expect(refusal(await toms.ask({ cmd: "conv", op, convMessage: { cid, m: [jerry] } }))).toMatch(
      /^4325 \w+/,
    );
  }
  for (const op of ["block", "unblock", "query", "check_block"] as const) {
    expect(refusal(await toms.ask({ cmd: "blacklist", op, blacklistMessage: { srcCid: chat } }))).toMatch(
      /^4544 \w+/,
    );
  }
  const patch = { patches: [{ cid: chat, mid: "x", timestamp: 1, data: new Uint8Array([65]) }] };
  expect(refusal(await toms.ask({ cmd: "patch", op: "modify", patchMessage: patch }))).toMatch(/^4406 \w+/);
});

test("[gotcha 40] no event is sent within 100 ms of opened", async () => {
  const { jerry, toms, chat } = await tomsChat();
  await say(toms, chat, "missed");
  const jerrys = await WorkerdDevice.connect();
  const opening = jerrys.login(jerry);
  await say(toms, chat, "just now");
  await opening;
  await jerrys.push("unread");
  const [opened, ...later] = jerrys.framing;
  for (const { at } of later) expect(at - (opened?.at ?? 0)).toBeGreaterThanOrEqual(100);
  expect(jerrys.received[0]?.op).toBe(OpType.opened);
});

test("[gotcha 43] a client that is open may open again on the same socket, one by one or all at once", async () => {
  const [tom, jerry] = named("tom", "jerry");
  const toms = await WorkerdDevice.connect();
  const open = { cmd: "session", op: "open", appId: world.APP_ID, peerId: tom } as const;
  for (const i of [1, 2, 3]) toms.send({ ...open, i });
  for (const i of [1, 2, 3]) expect((await toms.answer(i)).op).toBe(OpType.opened);
  expect((await toms.login(tom)).op).toBe(OpType.opened);
  const jerrys = await WorkerdDevice.of(jerry);
  const chat = await start(jerrys, [tom, jerry]);
  await say(jerrys, chat, "once");
  await toms.message("once");
  await settle(chat, jerrys, toms);
  expect(notices(toms, chat)).toHaveLength(2);
  expect(toms.pushes().filter((push) => push.directMessage?.msg === "once")).toHaveLength(1);
});

test("[gotcha 45] [gotcha 48] every refusal has code and reason, a message's its id and time too", async () => {
  const { tom, toms } = await onlineClients("tom");
  const nowhere = "0".repeat(24);
  const refusals = [
    await logs(toms, nowhere),
    await update(toms, nowhere, { name: "x" }),
    await change(toms, "add", nowhere, [tom]),
    await ask(toms, { $nonsense: 1 }),
    await toms.ask({ cmd: "room" }),
    await toms.ask({ cmd: "conv" }),
  ];
  for (const { cmd, errorMessage } of refusals) {
    expect(cmd).toBe(CommandType.error);
    expect(has(errorMessage, "code") && has(errorMessage, "reason")).toBe(true);
    expect(errorMessage?.reason).not.toBe("");
  }
  const { ackMessage } = await say(toms, nowhere, "hello?");
  expect(ackMessage).toMatchObject({ code: 4401, reason: "INVALID_MESSAGING_TARGET" });
  expect(ackMessage?.uid).toBeTruthy();
  expect(has(ackMessage, "t")).toBe(true);
});

test("[gotcha 49] Java receives no error if it queries presence or refreshes its token too often", async () => {
  const [tom] = named("tom");
  const asked: [CommandInit, string][] = [
    [{ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom] } }, "query_result"],
    [{ cmd: "session", op: "refresh" }, "refreshed"],
  ];
  const javas = await WorkerdDevice.connect();
  await javas.login(tom, { ua: "LeanCloud-Java-SDK/8.2.28", deviceId: "a" });
  const others = await WorkerdDevice.connect();
  await others.login(tom, { ua: "js/5.0.0-rc.8", deviceId: "b" });
  await configure({ limits: { otherCommandsPerMinute: 1 } });
  for (const [command, op] of asked) {
    for (let at = 0; at < 12; at += 1) {
      const answer = await javas.ask(command);
      expect([answer.cmd, OpType[answer.op]]).toEqual([CommandType.session, op]);
    }
    for (let at = 0; at < 10; at += 1) await others.ask(command);
    expect(refusal(await others.ask(command))).toBe("4116 MESSAGE_SENT_QUOTA_EXCEEDED");
  }
  await configure({ limits: { otherCommandsPerMinute: 0 } });
});

test("[gotcha 49] [B-29] Java receives no error if it queries the presence of too many clients", async () => {
  const [tom] = named("tom");
  const toms = await WorkerdDevice.connect();
  await toms.login(tom, { ua: "LeanCloud-Java-SDK/6.0.5" });
  const sessionPeerIds = [tom, ...Array.from({ length: 150 }, (_, at) => `${tom} ${at}`)];
  const answer = await toms.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds } });
  expect([answer.cmd, OpType[answer.op]]).toEqual([CommandType.session, "query_result"]);
});
