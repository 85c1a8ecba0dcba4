import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../src/protocol/base64.ts";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { change, heard, history, named, query, refusal, say, settle, start } from "../support/chat.ts";
import { type CommandInit, encodeCommand, has } from "../support/frames.ts";
import { onlineClients, pairChat, tomsChat } from "./support/pair-chat.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, http, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

const open = (clientId: string, i?: number): CommandInit => {
  return {
    cmd: "session",
    op: "open",
    appId: world.APP_ID,
    peerId: clientId,
    ...(i === undefined ? {} : { i }),
  };
};

const KNOWN = ["lc.protobuf2.3", "lc.protobuf2.1", "lc.proto2base64.3", "lc.proto2base64.1"];

describe("sub-protocols", () => {
  const header = (device: WorkerdDevice) => device.response.headers.get("sec-websocket-protocol");

  test.each(KNOWN)(
    "[wire §2.1] the sub-protocol %s offered by header is echoed and used",
    async (protocol) => {
      const [tom] = named("tom");
      const toms = await WorkerdDevice.connect({ protocol });
      expect(toms.response.status).toBe(101);
      expect(header(toms)).toBe(protocol);
      await toms.login(tom);
      expect(toms.framing.map(({ text }) => text)).toEqual([protocol.includes("base64")]);
    },
  );

  test.each(KNOWN)(
    "[wire §2.1] the sub-protocol %s named by the query alone is used, with no header in the answer",
    async (protocol) => {
      const [tom] = named("tom");
      for (const named of [protocol, encodeURIComponent(protocol), protocol.replaceAll(".", "%2E")]) {
        const toms = await WorkerdDevice.connect({ protocol: null, path: `/rtm?subprotocol=${named}` });
        expect(header(toms)).toBeNull();
        await toms.login(tom);
        expect(toms.framing.map(({ text }) => text)).toEqual([protocol.includes("base64")]);
      }
    },
  );

  test("[wire §2.1] of several offered sub-protocols, one known one is chosen and echoed alone", async () => {
    for (const offered of [
      "lc.protobuf2.9, lc.protobuf2.3",
      "lc.protobuf2.3, lc.protobuf2.1",
      "chat,lc.protobuf2.3,x",
    ]) {
      expect(header(await WorkerdDevice.connect({ protocol: offered }))).toBe("lc.protobuf2.3");
    }
  });

  test("[wire §2.1] a sub-protocol in the header takes precedence over one in the query", async () => {
    const path = "/rtm?subprotocol=lc.proto2base64.3";
    expect(header(await WorkerdDevice.connect({ protocol: "lc.protobuf2.3", path }))).toBe("lc.protobuf2.3");
  });

  test("[wire §2.1] a connection that offers no known sub-protocol is refused, and so is one that offers none", async () => {
    const upgrade = { upgrade: "websocket" };
    for (const offered of ["lc.protobuf2.2", "lc.protobuf", "toString", "LC.PROTOBUF2.3", ""]) {
      const headers = { ...upgrade, "sec-websocket-protocol": offered };
      expect((await http("/rtm", { headers })).status).toBe(400);
      expect((await http(`/rtm?subprotocol=${offered}`, { headers: upgrade })).status).toBe(400);
    }
    expect((await http("/rtm", { headers: upgrade })).status).toBe(400);
  });

  test("[wire §1.2] every path accepts sockets, also one with a doubled slash", async () => {
    for (const path of ["/", "//rtm", "/rtm/shard-7"])
      expect((await WorkerdDevice.connect({ path })).response.status).toBe(101);
  });
});

describe("framing", () => {
  test("[wire §2.1] a Base64 device and a binary one understand each other, whatever they send", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await WorkerdDevice.of(tom, { protocol: "lc.proto2base64.3" });
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(toms, [tom, jerry]);
    const long = "好".repeat(1_000);
    await say(toms, chat, long);
    await jerrys.message(long);
    await say(jerrys, chat, "🧀");
    await toms.message("🧀");
    expect(toms.framing.every(({ text }) => text)).toBe(true);
    expect(jerrys.framing.some(({ text }) => text)).toBe(false);
  });

  test("[wire §2.1] a text frame from a binary device is read as Base64, in either alphabet, wrapped or without padding", async () => {
    const device = await WorkerdDevice.connect();
    const bytes = encodeCommand({ cmd: "echo", i: -1, installationId: "???>>>" });
    const text = toBase64(bytes);
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_");
    expect(urlSafe).not.toBe(text);
    for (const sent of [text, urlSafe, text.replaceAll("=", ""), text.replace(/(.{8})/g, "$1\r\n")]) {
      device.sendText(sent);
      expect((await device.answer(-1)).cmd).toBe(CommandType.echo);
    }
  });

  test("[wire §2.1] a binary frame from a Base64 device is read as it is", async () => {
    const device = await WorkerdDevice.connect({ protocol: "lc.proto2base64.3" });
    device.sendUnframed(encodeCommand({ cmd: "echo", i: 3 }));
    expect((await device.answer(3)).cmd).toBe(CommandType.echo);
  });

  test.each([
    [
      "bytes that are no message",
      (device: WorkerdDevice) => device.sendBytes(new Uint8Array([0xff, 0xff, 0xff])),
    ],
    ["no bytes", (device: WorkerdDevice) => device.sendBytes(new Uint8Array())],
    ["a message without a command", (device: WorkerdDevice) => device.send({ peerId: "tom", i: 1 })],
    [
      "a field that ends too early",
      (device: WorkerdDevice) => device.sendBytes(new Uint8Array([0x08, 0x0e, 0x22, 0x50])),
    ],
    ["text that is not Base64", (device: WorkerdDevice) => device.sendText("{}")],
    ["no text", (device: WorkerdDevice) => device.sendText("")],
  ])("[wire §4.12] an unreadable frame closes the socket with 4114: %s", async (_, send) => {
    const device = await WorkerdDevice.connect();
    send(device);
    expect(await device.closing()).toEqual({ code: 4114, reason: "UNPARSEABLE_RAW_MESSAGE" });
  });

  test("[I10] an invalid frame affects only its own socket", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await WorkerdDevice.of(tom);
    const other = await WorkerdDevice.of(tom);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    other.sendBytes(new Uint8Array([0x0f]));
    await other.closing();
    await say(jerrys, chat, "still there?");
    await toms.message("still there?");
    await say(toms, chat, "yes");
    await jerrys.message("yes");
  });

  test("[wire §2.5] a frame of more than 128 KB closes the socket with 4109, and one just under it is read", async () => {
    for (const protocol of ["lc.protobuf2.3", "lc.proto2base64.3"]) {
      const device = await WorkerdDevice.connect({ protocol });
      device.send({ cmd: "echo", i: 1, installationId: "x".repeat(127 * 1024) });
      await device.answer(1);
      device.send({ cmd: "echo", i: 2, installationId: "x".repeat(129 * 1024) });
      expect(await device.closing()).toEqual({ code: 4109, reason: "FRAME_TOO_LONG" });
      expect(device.answers(2)).toEqual([]);
    }
  });
});

describe("logging in", () => {
  afterEach(() => configure({ limits: { loginSeconds: null } }));

  test("[C-02] a socket without a login closes with 4108", async () => {
    await configure({ limits: { loginSeconds: 1 } });
    const device = await WorkerdDevice.connect();
    device.send({ cmd: "echo", i: 1 });
    await device.answer(1);
    expect(await device.closing()).toEqual({ code: 4108, reason: "LOGIN_TIMEOUT" });
  });

  test("[C-02] a client that logged in in time stays connected, by a push login too", async () => {
    await configure({ limits: { loginSeconds: 1 } });
    const [tom] = named("tom");
    const silent = await WorkerdDevice.connect();
    const toms = await WorkerdDevice.of(tom);
    const push = await WorkerdDevice.connect();
    push.send({ cmd: "login", appId: world.APP_ID, installationId: "a".repeat(32) });
    await push.expect("loggedin", (frame) => frame.cmd === CommandType.loggedin);
    await silent.closing();
    expect(refusal(await toms.ask({ cmd: "session", op: "query" }))).toBe("");
    push.send({ cmd: "echo", i: 1 });
    await push.answer(1);
  });

  test("[C-02] a socket whose only login was refused closes with 4108", async () => {
    await configure({ limits: { loginSeconds: 1 } });
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    expect(refusal(await device.login(tom, { st: "made up" }))).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect((await device.closing()).code).toBe(4108);
  });

  test("[C-02] every command before login is refused with 4105, addressed to its peerId", async () => {
    const device = await WorkerdDevice.connect();
    const cid = "0".repeat(24);
    const commands: CommandInit[] = [
      { cmd: "session", op: "query", sessionMessage: { sessionPeerIds: ["tom"] } },
      { cmd: "session", op: "close" },
      { cmd: "session", op: "refresh" },
      { cmd: "conv", op: "start", convMessage: { m: ["tom"] } },
      { cmd: "conv", op: "query" },
      { cmd: "conv", op: "add", convMessage: { cid, m: ["tom"] } },
      { cmd: "direct", directMessage: { cid, msg: "hi" } },
      { cmd: "logs", logsMessage: { cid } },
      { cmd: "read", readMessage: { convs: [{ cid }] } },
      { cmd: "patch", op: "modify" },
      { cmd: "blacklist", op: "query" },
      { cmd: "report", op: "upload" },
      { cmd: "room" },
    ];
    for (const [i, command] of commands.entries()) {
      device.send({ ...command, peerId: "tom", i });
      const answer = await device.answer(i);
      expect(refusal(answer)).toBe("4105 SESSION_REQUIRED");
      expect(answer.peerId).toBe("tom");
    }
    device.send({ cmd: "conv", op: "query", i: 100 });
    expect(refusal(await device.answer(100))).toBe("4105 SESSION_REQUIRED");
  });

  test("[C-10] a login to another app is refused with 4100, in every form", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    device.send({ ...open(tom, 5), appId: "another-app" });
    const answer = await device.answer(5);
    expect(refusal(answer)).toBe("4100 APP_NOT_AVAILABLE");
    expect(answer.peerId).toBe(tom);
    device.send({ cmd: "session", op: "query", peerId: tom, i: 6 });
    expect(refusal(await device.answer(6))).toBe("4105 SESSION_REQUIRED");
  });

  test("[wire §4.4] Java's push login is answered with service 0 and no serial, and a live-query login with service 1", async () => {
    const device = await WorkerdDevice.connect();
    device.send({ cmd: "login", appId: world.APP_ID, installationId: "a".repeat(32) });
    const java = await device.expect("loggedin", (frame) => frame.cmd === CommandType.loggedin);
    expect(java.service).toBe(0);
    expect(has(java, "service")).toBe(true);
    expect(has(java, "i")).toBe(false);
    expect(java.loggedinMessage).toBeDefined();
    expect(java.loggedinMessage?.pushDisabled).toBe(false);
    device.send({ cmd: "login", appId: world.APP_ID, installationId: "subscription", service: 1, i: 9 });
    expect(await device.answer(9)).toMatchObject({
      cmd: CommandType.loggedin,
      service: 1,
      installationId: "subscription",
    });
  });
});

describe("heartbeats", () => {
  test("[wire §2.2] an echo is echoed with its serial, before and after login", async () => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.connect();
    toms.send({ cmd: "echo", i: 41 });
    expect((await toms.answer(41)).cmd).toBe(CommandType.echo);
    await toms.login(tom);
    toms.send({ cmd: "echo", i: 42 });
    expect((await toms.answer(42)).cmd).toBe(CommandType.echo);
  });

  test("[gotcha 41] C#'s echo, with the app as peer and no serial, is answered without a serial", async () => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.connect();
    for (const when of ["before", "after"]) {
      toms.send({ cmd: "echo", appId: world.APP_ID, peerId: world.APP_ID });
      const echo = await toms.expect(`an echo ${when} login`, (frame) => frame.cmd === CommandType.echo);
      expect(has(echo, "i")).toBe(false);
      if (when === "before") await toms.login(tom);
    }
  });
});

describe("several clients on one socket", () => {
  test("[wire §2.6] each client on a shared socket sends and receives under its own id", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    const marys = await WorkerdDevice.of(mary);
    const chat = await start(marys, [tom, jerry, mary]);
    await say(marys, chat, "to both");
    const receivers = [await shared.message("to both"), await shared.message("to both")].map(
      ({ peerId }) => peerId,
    );
    expect(receivers.toSorted()).toEqual([tom, jerry].toSorted());
    shared.clientId = tom;
    const ack = await say(shared, chat, "from Tom");
    expect(ack.peerId).toBe(tom);
    expect((await marys.message("from Tom")).directMessage?.fromPeerId).toBe(tom);
    expect((await shared.message("from Tom")).peerId).toBe(jerry);
    shared.clientId = jerry;
    expect((await say(shared, chat, "from Jerry")).peerId).toBe(jerry);
    expect((await marys.message("from Jerry")).directMessage?.fromPeerId).toBe(jerry);
    expect((await shared.message("from Jerry")).peerId).toBe(tom);
  });

  test("[I12] a frame for a client that is not logged in on its socket is refused", async () => {
    const [mary] = named("mary");
    const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const chat = await start(jerrys, [jerry, mary]);
    toms.send({ cmd: "direct", peerId: jerry, i: 50, directMessage: { cid: chat, msg: "I am Jerry" } });
    expect(refusal(await toms.answer(50))).toBe("4105 SESSION_REQUIRED");
    const asTom = { cid: chat, msg: "I am Jerry", fromPeerId: jerry };
    expect(refusal(await toms.ask({ cmd: "direct", directMessage: asTom }))).toBe(
      "4401 INVALID_MESSAGING_TARGET",
    );
    expect(await history(jerrys, chat)).toEqual([]);
  });

  test("[wire §2.6] a frame without peerId belongs to the first client, and after its logout to the next one", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    await shared.login(mary);
    const whoAmI = async () => {
      shared.clientId = "";
      const answer = await shared.ask({ cmd: "conv", op: "start", convMessage: { m: [], unique: false } });
      const [chat] = await query(shared, { objectId: answer.convMessage?.cid });
      expect(chat?.c).toBe(answer.peerId);
      return answer.peerId;
    };
    expect(await whoAmI()).toBe(tom);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    expect(await whoAmI()).toBe(jerry);
    await shared.ask({ cmd: "session", op: "close" });
    expect(await whoAmI()).toBe(mary);
    await shared.ask({ cmd: "session", op: "close" });
    expect(refusal(await shared.ask({ cmd: "conv", op: "query" }))).toBe("4105 SESSION_REQUIRED");
    await shared.login(tom);
    expect(await whoAmI()).toBe(tom);
  });

  test("[wire §2.6] the first client of a socket stays the first after it logs in again", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    await shared.login(tom);
    shared.clientId = "";
    expect((await shared.ask({ cmd: "session", op: "query" })).peerId).toBe(tom);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    await shared.login(tom);
    shared.clientId = "";
    expect((await shared.ask({ cmd: "session", op: "query" })).peerId).toBe(jerry);
  });

  test("[wire §4.2] one client's close ends neither the socket nor the others", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const shared = await WorkerdDevice.of(tom);
    await shared.login(jerry);
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry]);
    await shared.ask({ cmd: "session", op: "close", peerId: tom });
    await say(jerrys, chat, "after");
    expect((await shared.message("after")).peerId).toBe(jerry);
    await settle(chat, jerrys, shared);
    expect(shared.received.filter((frame) => frame.directMessage?.msg === "after")).toHaveLength(1);
  });
});

describe("message sizes", () => {
  afterEach(() => configure({ limits: { messageBytes: null } }));

  test("[B-09] a WebRTC offer of 30 KB is a message like any other by default", async () => {
    const { toms, jerrys, chat } = await pairChat();
    const offer = JSON.stringify({ _lctype: 1, _lctext: "a=candidate:1 1 udp 2130706431\r\n".repeat(850) });
    expect(offer.length).toBeGreaterThan(28_000);
    expect(refusal(await say(toms, chat, offer, { transient: true }))).toBe("");
    expect(refusal(await say(toms, chat, offer))).toBe("");
    await jerrys.message(offer);
    expect(await history(toms, chat)).toEqual([offer]);
    expect(refusal(await say(toms, chat, "x".repeat(32_769)))).toBe("4109 FRAME_TOO_LONG");
  });

  test("[B-09] with a limit of 5,120 bytes, content and push data of that size are accepted, and one byte more is refused with 4109", async () => {
    await configure({ limits: { messageBytes: 5_120 } });
    const { toms, jerrys, chat } = await pairChat();
    const send = (directMessage: CommandInit["directMessage"]) => {
      return toms.ask({ cmd: "direct", directMessage: { cid: chat, ...directMessage } });
    };
    const pushData = `{"alert":"${"奶".repeat(10)}"}`; // 12 + 30 bytes
    expect(refusal(await send({ msg: "x".repeat(5_120) }))).toBe("");
    expect(refusal(await send({ msg: "奶".repeat(1_706) }))).toBe(""); // 5,118 bytes
    expect(refusal(await send({ msg: "🧀".repeat(1_280) }))).toBe("");
    expect(refusal(await send({ binaryMsg: new Uint8Array(5_120).fill(1) }))).toBe("");
    expect(refusal(await send({ msg: "x".repeat(5_120 - 42), pushData }))).toBe("");
    for (const tooLong of [
      { msg: "x".repeat(5_121) },
      { msg: "奶".repeat(1_707) },
      { msg: "🧀".repeat(1_281) },
      { binaryMsg: new Uint8Array(5_121).fill(1) },
      { msg: "x".repeat(5_120 - 41), pushData },
      { msg: "x".repeat(5_121), transient: true },
    ]) {
      const { cmd, ackMessage } = await send(tooLong);
      expect([cmd, ackMessage?.code, ackMessage?.reason]).toEqual([CommandType.ack, 4109, "FRAME_TOO_LONG"]);
      expect(ackMessage?.uid).toBeTruthy();
      expect(has(ackMessage, "t")).toBe(true);
    }
    await settle(chat, toms, jerrys);
    expect(await history(jerrys, chat)).toHaveLength(5);
    expect(heard(jerrys, chat)).toHaveLength(5);
  });

  test("[B-09] a new limit on message bytes applies from the next message on", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    await configure({ limits: { messageBytes: 5 } });
    expect(refusal(await say(toms, chat, "12345"))).toBe("");
    expect(refusal(await say(toms, chat, "123456"))).toBe("4109 FRAME_TOO_LONG");
    await configure({ limits: { messageBytes: 65_536 } });
    const long = "x".repeat(65_536);
    expect(refusal(await say(toms, chat, long))).toBe("");
    expect(await history(toms, chat)).toEqual(["12345", long]);
  });

  test("[B-09] the token and the mentions of a message are limited too", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    const heavy = "x".repeat(100_000);
    expect(refusal(await say(toms, chat, "hi", { dt: heavy }))).toBe("4109 FRAME_TOO_LONG");
    expect(refusal(await say(toms, chat, "hi", { mentionPids: [heavy] }))).toBe("4109 FRAME_TOO_LONG");
    expect(await history(toms, chat)).toEqual([]);
  });
});

describe("rate limits", () => {
  const unlimited = { sendsPerMinute: 0, historyQueriesPerMinute: 0, otherCommandsPerMinute: 0 };
  const TOO_FAST = "4116 MESSAGE_SENT_QUOTA_EXCEEDED";
  afterEach(() => configure({ limits: unlimited }));

  test("[L-01] the 601st send of a minute is refused with 4116, in the form of a send, and not kept", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: null } });
    for (let at = 1; at <= 600; at++)
      toms.send({ cmd: "direct", i: 1_000 + at, directMessage: { cid: chat, msg: `${at}` } });
    for (let at = 1; at <= 600; at++) expect(refusal(await toms.answer(1_000 + at))).toBe("");
    for (const more of [{}, { transient: true }, { dt: "again" }, { will: true }]) {
      const { cmd, ackMessage } = await say(toms, chat, "601", more);
      expect([cmd, ackMessage?.code]).toEqual([CommandType.ack, 4116]);
      expect(ackMessage?.uid).toBeTruthy();
    }
    expect((await history(toms, chat)).at(-1)).toBe("600");
  });

  test("[L-01] a message counts once for every 5 KB of it", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: 4, messageBytes: 65_536 } });
    expect(refusal(await say(toms, chat, "x".repeat(5_120)))).toBe("");
    expect(refusal(await say(toms, chat, "x".repeat(15_361)))).toBe("4116 MESSAGE_SENT_QUOTA_EXCEEDED");
    expect(refusal(await say(toms, chat, "x".repeat(15_360)))).toBe("");
    expect(refusal(await say(toms, chat, "x"))).toBe("4116 MESSAGE_SENT_QUOTA_EXCEEDED");
    await configure({ limits: { messageBytes: null } });
  });

  test("[L-02] history queries beyond the limit are refused with 4116, large and filtered pages sooner", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { historyQueriesPerMinute: 20 } });
    const asked = (logsMessage: object) =>
      toms.ask({ cmd: "logs", logsMessage: { cid: chat, ...logsMessage } });
    for (let at = 1; at <= 6; at++) expect(refusal(await asked({ limit: 100 }))).toBe("");
    expect(refusal(await asked({ limit: 1_000 }))).toBe(""); // 10
    expect(refusal(await asked({ lctype: -2 }))).toBe(""); // 4
    expect(refusal(await asked({ limit: 1 }))).toBe(TOO_FAST);
  });

  test("[L-03] other operations beyond the limit are refused with 4116, each operation counted by itself", async () => {
    const { jerry, toms, chat } = await tomsChat();
    await configure({ limits: { otherCommandsPerMinute: 30 } });
    for (let at = 1; at <= 30; at++) expect(refusal(await change(toms, "add", chat, [jerry]))).toBe("");
    const refused = await change(toms, "add", chat, [jerry]);
    expect(refusal(refused)).toBe(TOO_FAST);
    expect(refused.peerId).toBe(toms.clientId);
    expect(refusal(await change(toms, "remove", chat, [jerry]))).toBe("");
    expect(refusal(await say(toms, chat, "still here"))).toBe("");
  });

  test("[L-03] look-ups are allowed ten times as often, list queries half as often, and client ids in a command count", async () => {
    const { toms, chat } = await tomsChat();
    await configure({ limits: { otherCommandsPerMinute: 6 } });
    const find = (where: object) =>
      toms.ask({ cmd: "conv", op: "query", convMessage: { where: { data: JSON.stringify(where) } } });
    for (let at = 1; at <= 40; at++)
      expect(refusal(await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } }))).toBe("");
    const others = Array.from({ length: 15 }, (_, at) => `${at}`.padStart(24, "0"));
    expect(refusal(await find({ objectId: { $in: others } }))).toBe("");
    expect(refusal(await find({ objectId: { $in: others } }))).toBe(TOO_FAST);
    for (let at = 1; at <= 5; at++) expect(refusal(await find({ objectId: chat }))).toBe("");
    expect(refusal(await find({ objectId: chat }))).toBe(TOO_FAST);
    for (let at = 1; at <= 3; at++) expect(refusal(await find({ name: "x" }))).toBe("");
    expect(refusal(await find({ name: "x" }))).toBe(TOO_FAST);
  });

  test("[L-01] [L-03] a client over its rate affects no other client, not even on the same socket", async () => {
    const { tom, jerry, toms, chat } = await tomsChat();
    await toms.login(jerry);
    await configure({ limits: { sendsPerMinute: 2 } });
    toms.clientId = tom;
    for (const expected of ["", "", TOO_FAST]) expect(refusal(await say(toms, chat, "Tom"))).toBe(expected);
    toms.clientId = jerry;
    for (const expected of ["", "", TOO_FAST]) expect(refusal(await say(toms, chat, "Jerry"))).toBe(expected);
  });

  test("[L-01] a limit of 0 is none, and a session that was refused as too fast goes on", async () => {
    const { jerry, toms, chat } = await tomsChat();
    await configure({ limits: { sendsPerMinute: 1 } });
    expect(refusal(await say(toms, chat, "one"))).toBe("");
    expect(refusal(await say(toms, chat, "two"))).toBe(TOO_FAST);
    await configure({ limits: { sendsPerMinute: 0 } });
    const jerrys = await WorkerdDevice.of(jerry);
    for (let at = 1; at <= 100; at++)
      toms.send({ cmd: "direct", i: 1_000 + at, directMessage: { cid: chat, msg: `${at}` } });
    for (let at = 1; at <= 100; at++) expect(refusal(await toms.answer(1_000 + at))).toBe("");
    await jerrys.message("100");
  });

  test("[L-01] heartbeats are unlimited, and read commands and acknowledgements are refused only by the hundreds", async () => {
    const { jerry, toms, chat } = await tomsChat();
    const jerrys = await WorkerdDevice.of(jerry);
    await configure({ limits: { sendsPerMinute: 1, otherCommandsPerMinute: 6, historyQueriesPerMinute: 1 } });
    for (let i = 100; i < 150; i++) {
      jerrys.send({ cmd: "echo", i });
      jerrys.send({ cmd: "ack", peerId: jerry, ackMessage: { cid: chat, mid: "x" } });
      jerrys.send({ cmd: "read", peerId: jerry, i: 1_000 + i, readMessage: { convs: [{ cid: chat }] } });
    }
    for (let i = 100; i < 150; i++) {
      expect((await jerrys.answer(i)).cmd).toBe(CommandType.echo);
      expect((await jerrys.answer(1_000 + i)).cmd).toBe(CommandType.read);
    }
    expect(refusal(await say(toms, chat, "hi"))).toBe("");
  });
});

describe("one answer to each serial", () => {
  /** The commands SDKs and others might send, sensible and not. */
  const commands = (tom: string, chat: string): CommandInit[] => {
    const cid = chat;
    const nowhere = "f".repeat(24);
    const conv = (
      op: keyof typeof OpType,
      convMessage: CommandInit["convMessage"] = { cid },
    ): CommandInit => {
      return { cmd: "conv", op, convMessage };
    };
    return [
      open(tom),
      { cmd: "session", op: "refresh" },
      { cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [tom, "", "x".repeat(100)] } },
      { cmd: "session" },
      { cmd: "session", op: "opened" },
      conv("start", { m: [tom] }),
      conv("start", { m: [tom, ""] }),
      conv("start", { m: [tom], transient: true }),
      conv("start", { m: [tom], tempConv: true }),
      conv("start", { m: [tom], attr: { data: "{" } }),
      conv("add"),
      conv("add", { cid, m: [""] }),
      conv("remove"),
      conv("remove", { cid, m: ["nobody"] }),
      conv("update"),
      conv("update", { cid, attr: { data: "[]" } }),
      conv("update", { cid, attr: { data: '{"__proto__":1}' } }),
      conv("query", {}),
      conv("query", { where: { data: "nonsense" } }),
      conv("query", { tempConvIds: ["_tmp:x", "y,z"] }),
      conv("query", { sort: "$", limit: -1, skip: -1 }),
      conv("count"),
      conv("mute"),
      conv("unmute"),
      conv("members"),
      conv("is_member", {}),
      conv("is_member", { cids: ["", cid, nowhere, "../x"] }),
      conv("max_read"),
      conv("max_read", { cid, queryAllMembers: true }),
      conv("add", { cid: nowhere, m: [tom] }),
      conv("count", { cid: "no/such:id" }),
      conv("count", {}),
      conv("member_info_update"),
      conv("query_shutup"),
      conv("status"),
      conv("joined"),
      { cmd: "conv" },
      { cmd: "direct", directMessage: { cid, msg: "hi" } },
      { cmd: "direct", directMessage: { cid } },
      { cmd: "direct", directMessage: { cid: nowhere, msg: "hi" } },
      { cmd: "direct", directMessage: { msg: "hi" } },
      { cmd: "direct", directMessage: { cid, msg: "hi", will: true } },
      { cmd: "direct" },
      { cmd: "logs", logsMessage: { cid } },
      { cmd: "logs", logsMessage: { cid, l: -5, t: -1, tt: Number.MAX_SAFE_INTEGER, lctype: -127 } },
      { cmd: "logs", logsMessage: { cid: nowhere } },
      { cmd: "logs" },
      { cmd: "read", readMessage: { convs: [{ cid }] } },
      { cmd: "read", readMessage: { convs: [{ cid }, { cid: nowhere }, { cid }] } },
      { cmd: "read", readMessage: { cids: [cid, nowhere] } },
      { cmd: "read" },
      { cmd: "ack", ackMessage: { cid, mid: "x" } },
      { cmd: "ack" },
      {
        cmd: "patch",
        op: "modify",
        patchMessage: { patches: [{ cid, mid: "x", timestamp: 1, recall: true }] },
      },
      { cmd: "patch", op: "modify", patchMessage: { patches: [{ cid }] } },
      { cmd: "patch" },
      { cmd: "blacklist", op: "block", blacklistMessage: { srcCid: cid, toPids: ["x"] } },
      { cmd: "report", op: "upload" },
      { cmd: "unread" },
      { cmd: "rcp" },
      { cmd: "error" },
      { cmd: "login" },
      { cmd: "data" },
      { cmd: "room" },
      { cmd: "presence" },
      { cmd: "pubsub" },
      { cmd: "goaway" },
      { cmd: "loggedin" },
      { cmd: "logout" },
      { cmd: "echo" },
    ];
  };

  async function marked(device: WorkerdDevice, chat: string): Promise<void> {
    expect(refusal(await say(device, chat, "the end", { dt: crypto.randomUUID() }))).toBe("");
    expect((await device.ask({ cmd: "session", op: "query" })).op).toBe(OpType.query_result);
  }

  test("[I10] every command with a serial is answered once, and the session goes on", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    for (const [at, command] of commands(tom, chat).entries()) {
      const i = 1_000 + at;
      toms.send({ peerId: tom, ...command, i });
      const answer = await toms.answer(i).catch(() => undefined);
      expect(answer, JSON.stringify(command)).toBeDefined();
    }
    await marked(toms, chat);
    for (const [at, command] of commands(tom, chat).entries()) {
      expect(toms.answers(1_000 + at), JSON.stringify(command)).toHaveLength(1);
    }
    expect(toms.closed).toBeUndefined();
  });

  test("[I10] commands sent in one burst before the login was answered are each answered once", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const chat = await start(jerrys, [tom, jerry]);
    const toms = await WorkerdDevice.connect();
    toms.clientId = tom;
    const all = [open(tom), ...commands(tom, chat)];
    for (const [at, command] of all.entries()) toms.send({ peerId: tom, ...command, i: 1_000 + at });
    const unanswered: string[] = [];
    for (const [at, command] of all.entries()) {
      await toms.answer(1_000 + at).catch(() => unanswered.push(JSON.stringify(command)));
      if (unanswered.length > 0) break;
    }
    expect(unanswered).toEqual([]);
    await marked(toms, chat);
    for (const [at, command] of all.entries()) {
      expect(toms.answers(1_000 + at), JSON.stringify(command)).toHaveLength(1);
    }
  });

  test("[I10] no command without a serial is answered", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom]);
    await toms.push("conv", "members_joined");
    const silent = commands(tom, chat).filter(
      ({ cmd, op }) => !["echo", "login"].includes(cmd ?? "") && op !== "open" && op !== "start",
    );
    const before = toms.received.length;
    for (const command of silent) toms.send({ peerId: tom, ...command });
    await marked(toms, chat);
    await toms.ask({ cmd: "session", op: "close" }); // waits for whatever is under way
    const later = toms.received.slice(before).filter((frame) => !has(frame, "i"));
    expect(new Set(later.map(({ cmd }) => CommandType[cmd]))).toEqual(new Set(["unread"]));
  });

  test("[I10] a command or operation outside the schema is answered like any unknown one", async () => {
    const { toms } = await onlineClients("tom");
    // cmd 99, i 7; then cmd conv with op 999, i 8
    toms.sendBytes(new Uint8Array([0x08, 99, 0x28, 7]));
    expect(refusal(await toms.answer(7))).toBe("1 UNSUPPORTED_COMMAND");
    toms.sendBytes(new Uint8Array([0x08, 1, 0x10, 0xe7, 0x07, 0x28, 8]));
    expect(refusal(await toms.answer(8))).toBe("1 UNSUPPORTED_COMMAND");
  });

  test("[I10] commands pipelined behind a login that fails are answered, and so is the next login", async () => {
    const [tom] = named("tom");
    const toms = await WorkerdDevice.connect();
    toms.send({ ...open(tom, 1), sessionMessage: { st: "made up", r: true } });
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 2 });
    toms.send(open(tom, 3));
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 4 });
    expect(refusal(await toms.answer(1))).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(refusal(await toms.answer(2))).toBe("4105 SESSION_REQUIRED");
    expect((await toms.answer(3)).op).toBe(OpType.opened);
    expect((await toms.answer(4)).op).toBe(OpType.query_result);
  });

  test("[I10] commands pipelined before a close are done and answered", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const chat = await start(jerrys, [tom, jerry]);
    const toms = await WorkerdDevice.of(tom);
    toms.send({ cmd: "direct", peerId: tom, i: 11, directMessage: { cid: chat, msg: "bye" } });
    toms.send({ cmd: "conv", op: "start", peerId: tom, i: 12, convMessage: { m: [tom] } });
    toms.send({ cmd: "conv", op: "query", peerId: tom, i: 13 });
    toms.send({ cmd: "session", op: "close", peerId: tom, i: 14 });
    expect((await toms.answer(14)).op).toBe(OpType.closed);
    expect(refusal(await toms.answer(11))).toBe("");
    expect((await toms.answer(12)).op).toBe(OpType.started);
    expect((await toms.answer(13)).op).toBe(OpType.results);
    expect(await history(jerrys, chat)).toEqual(["bye"]);
  });

  test("[I10] a close, an open and commands after them may arrive in one burst", async () => {
    const { tom, toms } = await onlineClients("tom");
    toms.send({ cmd: "session", op: "close", peerId: tom, i: 11 });
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 12 });
    toms.send(open(tom, 13));
    toms.send({ cmd: "session", op: "query", peerId: tom, i: 14 });
    expect((await toms.answer(11)).op).toBe(OpType.closed);
    expect(refusal(await toms.answer(12))).toBe("4105 SESSION_REQUIRED");
    expect((await toms.answer(13)).op).toBe(OpType.opened);
    expect((await toms.answer(14)).op).toBe(OpType.query_result);
  });
});
