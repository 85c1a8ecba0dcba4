import { beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { heard, named, notices, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { onlineClients, tomsChat } from "./support/pair-chat.ts";
import { askPresence, onlineIn } from "./support/presence.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

describe("client ids", () => {
  test.each([
    ["digits first", "1a"],
    ["only digits", "1700000000000"],
    ["a UUID", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
    ["64 characters", "x".repeat(64)],
    ["other scripts", "汤姆 и Джерри 🧀"],
    ["64 characters of 3 bytes", "汤".repeat(64)],
    ["signs", "a/b?c=d&e#f%20+\"'<>\\"],
    ["a property every object has", "constructor"],
    ["another", "__proto__"],
  ])("[C-01] %s is a valid client id", async (_, clientId) => {
    const device = await WorkerdDevice.connect();
    const opened = await device.login(clientId);
    expect([opened.op, opened.peerId]).toEqual([OpType.opened, clientId]);
    const chat = await start(device, [clientId], { unique: false });
    expect(refusal(await say(device, chat, "hi"))).toBe("");
    expect(onlineIn(await askPresence(device, [clientId]))).toEqual([clientId]);
  });

  test.each([
    ["nothing", ""],
    ["65 characters", "x".repeat(65)],
    ["a line break", "a\nb"],
    ["a zero", "a\0"],
    ["DEL", "a\u007f"],
  ])(
    "[C-01] %s is refused as a client id with 4103, and another client may log in on the same socket",
    async (_, clientId) => {
      const [tom] = named("tom");
      const device = await WorkerdDevice.connect();
      device.send({ cmd: "session", op: "open", appId: world.APP_ID, peerId: clientId, i: 5 });
      expect(refusal(await device.answer(5))).toBe("4103 INVALID_LOGIN");
      expect((await device.login(tom)).op).toBe(OpType.opened);
    },
  );

  test("[C-03] a client without an id is given one and can use it at once", async () => {
    const ids = new Set<string>();
    for (let at = 0; at < 3; at++) {
      const device = await WorkerdDevice.connect();
      device.send({ cmd: "session", op: "open", appId: world.APP_ID, i: 1 });
      const opened = await device.answer(1);
      expect(opened.peerId).toMatch(/^.{1,64}$/);
      ids.add(opened.peerId);
      device.clientId = opened.peerId;
      const chat = await start(device, []);
      expect(refusal(await say(device, chat, "hi"))).toBe("");
    }
    expect(ids.size).toBe(3);
  });
});

describe("presence", () => {
  test("[B-29] a session query returns the named clients that are online, each once", async () => {
    const [mary] = named("mary");
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    expect(
      onlineIn(await askPresence(toms, [mary, jerry, tom, jerry, "", "x".repeat(65), "no\nid"]))?.toSorted(),
    ).toEqual([jerry, tom].toSorted());
    const nobody = await askPresence(toms, [mary]);
    expect(nobody.sessionMessage).toBeDefined();
    expect(onlineIn(nobody)).toEqual([]);
    expect(onlineIn(await askPresence(toms, []))).toEqual([]);
    const crowd = Array.from({ length: 40 }, (_, at) => `${mary}-${at}`);
    expect(onlineIn(await askPresence(toms, [...crowd, jerry]))).toEqual([jerry]);
    await jerrys.ask({ cmd: "session", op: "close" });
    expect(onlineIn(await askPresence(toms, [jerry]))).toEqual([]);
  });

  test("[B-29] a client is online until its last device has logged out or is lost", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await WorkerdDevice.of(tom);
    const phone = await WorkerdDevice.of(jerry);
    const tablet = await WorkerdDevice.of(jerry);
    await phone.ask({ cmd: "session", op: "close" });
    expect(onlineIn(await askPresence(toms, [jerry]))).toEqual([jerry]);
    tablet.close();
    await expect.poll(async () => onlineIn(await askPresence(toms, [jerry]))).toEqual([]);
  });

  test("[wire §9.1] a session query for far too many clients is refused before any of them is asked", async () => {
    const { toms } = await onlineClients("tom");
    const crowd = Array.from({ length: 2_000 }, (_, at) => `nobody-${at}`);
    expect(refusal(await askPresence(toms, crowd))).not.toBe("");
  });
});

describe("closing and opening", () => {
  test("[C-08] after its logout a client receives nothing, and may open again at once", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(jerrys, [tom, jerry]);
    await toms.push("conv", "members_joined");
    for (let round = 1; round <= 3; round++) {
      const closed = await toms.ask({ cmd: "session", op: "close" });
      expect([closed.cmd, closed.op, closed.peerId]).toEqual([CommandType.session, OpType.closed, tom]);
      await say(jerrys, chat, `away ${round}`);
      expect((await toms.login(tom)).op).toBe(OpType.opened);
      const [tuple] = (await toms.push("unread")).unreadMessage?.convs ?? [];
      expect(tuple).toMatchObject({ cid: chat, unread: 2 * round - 1, data: `away ${round}` });
      await say(jerrys, chat, `here ${round}`);
      await toms.message(`here ${round}`);
    }
    expect(heard(toms, chat)).toEqual(["here 1", "here 2", "here 3"]);
  });

  test("[C-08] a second close is refused like any command of a client that is not logged in", async () => {
    const { toms } = await onlineClients("tom");
    expect((await toms.ask({ cmd: "session", op: "close" })).op).toBe(OpType.closed);
    expect(refusal(await toms.ask({ cmd: "session", op: "close" }))).toBe("4105 SESSION_REQUIRED");
  });

  test("[wire §4.1] nothing is pushed to a client before it is opened", async () => {
    const { jerry, toms, chat } = await tomsChat();
    for (let at = 0; at < 5; at++) await say(toms, chat, `missed ${at}`);
    const jerrys = await WorkerdDevice.connect();
    jerrys.send({ cmd: "logs", peerId: jerry, i: 90, logsMessage: { cid: chat } });
    jerrys.send({ cmd: "session", op: "open", appId: world.APP_ID, peerId: jerry, i: 91 });
    jerrys.send({ cmd: "logs", peerId: jerry, i: 92, logsMessage: { cid: chat } });
    await say(toms, chat, "meanwhile");
    await jerrys.answer(92);
    await jerrys.push("unread");
    const order = jerrys.received.map((frame) => (has(frame, "i") ? `${frame.i}` : CommandType[frame.cmd]));
    expect(order.slice(0, 3)).toEqual(["90", "91", "92"]);
  });
});

describe("many devices", () => {
  test("[D-05] [D-07] [D-08] all devices of a client receive all messages, and a message of one reaches the others, not itself", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [phone, tablet, web] = [
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(tom),
    ];
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(phone, [tom, jerry]);
    await say(jerrys, chat, "from Jerry");
    await say(phone, chat, "from the phone");
    await say(tablet, chat, "from the tablet", { dt: "1" });
    await say(web, chat, "passing from the web", { transient: true });
    await settle(chat, jerrys, phone, tablet, web);
    expect(heard(phone, chat)).toEqual(["from Jerry", "from the tablet"]);
    expect(heard(tablet, chat)).toEqual(["from Jerry", "from the phone"]);
    expect(heard(web, chat)).toEqual(["from Jerry", "from the phone", "from the tablet"]);
    const passing = [phone, tablet, web].map((device) => device.texts(chat).includes("passing from the web"));
    expect(passing).toEqual([true, true, false]);
    const own = await web.message("from the phone");
    expect(own.directMessage?.fromPeerId).toBe(tom);
  });

  test("[D-05] the same client twice on one socket is one session", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    await toms.login(tom);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    await say(jerrys, chat, "once");
    await settle(chat, jerrys, toms);
    expect(heard(toms, chat)).toEqual(["once"]);
    expect(notices(toms, chat)).toHaveLength(2);
  });

  test("[D-07] a device that logs in later receives new messages, and unread counts for earlier ones", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const phone = await WorkerdDevice.of(tom);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    await say(jerrys, chat, "before");
    await phone.message("before");
    const tablet = await WorkerdDevice.of(tom);
    const [tuple] = (await tablet.push("unread")).unreadMessage?.convs ?? [];
    expect(tuple).toMatchObject({ cid: chat, unread: 1, data: "before" });
    await say(jerrys, chat, "after");
    await settle(chat, jerrys, phone, tablet);
    expect(heard(tablet, chat)).toEqual(["after"]);
    expect(heard(phone, chat)).toEqual(["before", "after"]);
  });

  test("[D-07] the loss of one device does not affect the client's others", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [phone, tablet] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(tom)];
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    await say(jerrys, chat, "one");
    await phone.message("one");
    phone.close();
    await say(jerrys, chat, "two");
    await tablet.message("two");
    expect(heard(tablet, chat)).toEqual(["one", "two"]);
  });
});
