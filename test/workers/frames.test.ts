import { beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../../src/protocol/base64.ts";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { named, say, start } from "../support/chat.ts";
import { encodeCommand, has } from "../support/frames.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { http, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

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
