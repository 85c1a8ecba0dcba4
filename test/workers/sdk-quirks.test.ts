import { beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { look, named, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { onlineClients, pairChat, tomsChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** Commands in the very forms in which an SDK sends them, where these differ from everyone else's. */

beforeAll(() => openWorld());

const appId = world.APP_ID;

describe("Java", () => {
  test("[wire §2.7] [gotcha 9] Java's serials count up from below zero and pass it", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await WorkerdDevice.connect();
    const { st } = (await (await WorkerdDevice.connect()).login(tom)).sessionMessage ?? {};
    const sessionMessage = { st, r: true, ua: "android/8", configBitmap: 175, deviceId: "a".repeat(32) };
    toms.send({ cmd: "session", op: "open", appId, peerId: tom, sessionMessage });
    await toms.push("session", "opened");
    // The app opens once more on the same socket.
    toms.send({
      cmd: "session",
      op: "open",
      appId,
      peerId: tom,
      i: -2,
      sessionMessage: { configBitmap: 175 },
    });
    expect((await toms.answer(-2)).op).toBe(OpType.opened);
    const attr = { data: '{"name":"Cheese","attr":{"type":1}}' };
    toms.send({ cmd: "conv", op: "start", i: -1, convMessage: { m: [tom, jerry], unique: true, attr } });
    const cid = (await toms.answer(-1)).convMessage?.cid ?? "";
    toms.send({
      cmd: "direct",
      i: 0,
      directMessage: { cid, msg: '{"_lctype":-1,"_lctext":"hi"}', dt: "t", r: false },
    });
    expect(has((await toms.answer(0)).ackMessage, "code")).toBe(false);
    toms.send({ cmd: "logs", i: 1, logsMessage: { cid, limit: 20, t: 0, tt: 0 } });
    expect((await toms.answer(1)).logsMessage?.logs).toHaveLength(1);
    toms.send({ cmd: "conv", op: "remove", peerId: tom, i: 2, convMessage: { cid, m: [tom] } });
    expect((await toms.answer(2)).op).toBe(OpType.removed);
    toms.send({
      cmd: "session",
      op: "close",
      peerId: tom,
      i: 3,
      sessionMessage: { deviceId: "a".repeat(32) },
    });
    expect((await toms.answer(3)).op).toBe(OpType.closed);
    expect([-2, -1, 0, 1, 2, 3].map((serial) => toms.answers(serial).length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("[wire §4.7] Java's acknowledgements, of its own messages and of history too, are never answered", async () => {
    const { toms, jerrys, chat } = await pairChat();
    await toms.push("conv", "members_joined");
    const { ackMessage } = await say(toms, chat, "hi");
    await jerrys.message("hi");
    for (const device of [toms, jerrys]) {
      device.send({ cmd: "ack", peerId: device.clientId, ackMessage: { cid: chat, mid: ackMessage?.uid } });
      device.send({ cmd: "ack", peerId: device.clientId, ackMessage: { cid: chat, tots: Date.now() } });
      device.send({ cmd: "ack", installationId: "a".repeat(32), ackMessage: { ids: ["push-1"] } });
    }
    const counts = [toms.received.length, jerrys.received.length];
    await settle(chat, toms, jerrys);
    await settle(chat, jerrys, toms);
    // Each received one marker and the answer to its own.
    expect([toms.received.length, jerrys.received.length]).toEqual(counts.map((count) => count + 2));
  });
});

describe("C#", () => {
  test("[wire §4.5.1] C# starts conversations without itself in m, always unique, with columns at the top level", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await WorkerdDevice.connect();
    const open = { r: true, ua: "dotnet/1", configBitmap: 171 };
    toms.send({ cmd: "session", op: "open", appId, peerId: tom, i: 1, sessionMessage: open });
    expect((await toms.answer(1)).op).toBe(OpType.opened);
    const attr = { data: '{"name":"Cheese","type":"food"}' };
    const convMessage = { m: [jerry], unique: true, transient: false, attr };
    toms.send({ cmd: "conv", op: "start", appId, peerId: tom, i: 2, convMessage });
    const started = (await toms.answer(2)).convMessage;
    expect(started?.cdate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    toms.clientId = tom;
    const chat = started?.cid ?? "";
    expect(await look(toms, chat)).toMatchObject({ m: [jerry, tom], name: "Cheese", type: "food", c: tom });
    const jerrys = await WorkerdDevice.of(jerry);
    expect(await start(jerrys, [tom, jerry], { unique: true })).toBe(chat);
  });

  test("[wire §4.1] C# re-opens with neither token nor capabilities and goes on", async () => {
    const { tom, toms, chat } = await tomsChat();
    toms.close();
    const again = await WorkerdDevice.connect();
    again.send({ cmd: "session", op: "open", appId, peerId: tom, i: 1, sessionMessage: { r: true } });
    const opened = await again.answer(1);
    expect(opened.sessionMessage?.st).toBeTruthy();
    again.send({
      cmd: "direct",
      appId,
      peerId: tom,
      i: 2,
      directMessage: { cid: chat, msg: "hi", fromPeerId: tom },
    });
    expect(refusal(await again.answer(2))).toBe("");
    again.send({ cmd: "logs", op: "open", appId, peerId: tom, i: 3, logsMessage: { cid: chat, limit: 20 } });
    expect((await again.answer(3)).logsMessage?.logs).toHaveLength(1);
  });

  test("[gotcha 41] C#'s heartbeats belong to no client, even if a client has the name of the app", async () => {
    const device = await WorkerdDevice.of(appId);
    device.send({ cmd: "echo", appId, peerId: appId });
    const echo = await device.expect("an echo", (frame) => frame.cmd === CommandType.echo);
    expect(has(echo, "i")).toBe(false);
  });
});

describe("Swift and JavaScript", () => {
  test("[wire §2.6] Swift and JavaScript leave out peerId after they are open, in every command", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    toms.clientId = "";
    const attr = { data: '{"name":"Cheese","attr":{"a":1}}' };
    const started = await toms.ask({
      cmd: "conv",
      op: "start",
      convMessage: { m: [jerry, tom], unique: true, attr },
    });
    expect(started.peerId).toBe(tom);
    const chat = started.convMessage?.cid ?? "";
    for (const { peerId } of [await say(toms, chat, "hi"), await toms.ask({ cmd: "conv", op: "query" })]) {
      expect(peerId).toBe(tom);
    }
    await say(jerrys, chat, "hello");
    const push = await toms.message("hello");
    expect(push.peerId).toBe(tom);
    toms.send({ cmd: "ack", ackMessage: { cid: chat, mid: push.directMessage?.id } });
    toms.send({
      cmd: "ack",
      ackMessage: { cid: chat, fromts: push.directMessage?.timestamp, tots: push.serverTs },
    });
    toms.send({
      cmd: "read",
      readMessage: { convs: [{ cid: chat, timestamp: push.directMessage?.timestamp }] },
    });
    const [tuple] = (await toms.push("unread")).unreadMessage?.convs ?? [];
    expect(tuple).toMatchObject({ cid: chat, unread: 0 });
    expect((await toms.ask({ cmd: "session", op: "refresh" })).peerId).toBe(tom);
    expect((await toms.ask({ cmd: "session", op: "close" })).peerId).toBe(tom);
    await jerrys.message("hi");
  });

  test("[wire §4.3] Swift reports its push token with a serial, Objective-C without", async () => {
    const { tom, toms } = await onlineClients("tom");
    const reportMessage = { initiative: true, type: "token", data: "f".repeat(64) };
    toms.send({ cmd: "report", op: "upload", peerId: tom, reportMessage });
    const answer = await toms.ask({ cmd: "report", op: "upload", reportMessage });
    expect([answer.cmd, answer.op]).toEqual([CommandType.report, OpType.uploaded]);
    expect(toms.received.filter(({ cmd }) => cmd === CommandType.report)).toHaveLength(1);
  });
});
