import { beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { notifications } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { askPresence, onlineIn } from "./support/presence.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { maybeHibernate, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

const token = (opened: GenericCommand) => opened.sessionMessage?.st ?? "";

describe("tokens", () => {
  test("[C-09] a bare re-open, with nothing but the token, is a login (JavaScript)", async () => {
    const [tom] = named("tom");
    const first = await WorkerdDevice.connect();
    const st = token(await first.login(tom, { tag: "web", deviceId: "one" }));
    first.close();
    const again = await WorkerdDevice.connect();
    again.send({
      cmd: "session",
      op: "open",
      appId: world.APP_ID,
      peerId: tom,
      i: 1,
      sessionMessage: { r: true, st },
    });
    const opened = await again.answer(1);
    expect(opened.op).toBe(OpType.opened);
    expect(token(opened)).not.toBe("");
  });

  test("[C-09] a token works until its lifetime ends, and so does a refreshed one", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    const tokens = [token(await device.login(tom))];
    tokens.push(
      token(await device.ask({ cmd: "session", op: "refresh", sessionMessage: { st: tokens[0] } })),
    );
    tokens.push(token(await device.ask({ cmd: "session", op: "refresh" })));
    tokens.push(
      token(await device.ask({ cmd: "session", op: "refresh", sessionMessage: { st: "expired" } })),
    );
    for (const st of tokens) {
      expect((await (await WorkerdDevice.connect()).login(tom, { st, r: true })).op).toBe(OpType.opened);
    }
  });

  test("[C-09] [I12] every token but the client's own is refused with 4112", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const st = token(await (await WorkerdDevice.connect()).login(tom));
    const [body = "", signature = ""] = st.split(".");
    const jerrysClaims = btoa(JSON.stringify({ v: 1, c: jerry, e: 9e15 })).replaceAll("=", "");
    const foreign: [string, string][] = [
      [jerry, st],
      [jerry, `${jerrysClaims}.${signature}`],
      [tom, `${body}.`],
      [tom, `.${signature}`],
      [tom, body],
      [tom, `${st}.`],
      [tom, `${st}x`],
      [tom, `${body.slice(1)}.${signature}`],
      [tom, `${body}.${signature.slice(0, -2)}`],
      [tom, "."],
      [tom, "x"],
      [tom, "%%%.???"],
      [tom, "汤姆.🧀"],
      [tom, "x".repeat(10_000)],
    ];
    for (const [clientId, made] of foreign) {
      const device = await WorkerdDevice.connect();
      expect(refusal(await device.login(clientId, { st: made, r: true })), made).toBe(
        "4112 SESSION_TOKEN_EXPIRED",
      );
      expect((await device.login(clientId)).op).toBe(OpType.opened);
    }
  });

  test("[wire §4.1] Java's token form has no serial: opened without one, or 4112 without one", async () => {
    const [tom] = named("tom");
    const st = token(await (await WorkerdDevice.connect()).login(tom));
    const device = await WorkerdDevice.connect();
    const form = { cmd: "session", op: "open", appId: world.APP_ID, peerId: tom } as const;
    device.send({ ...form, sessionMessage: { st: "stale", r: true, configBitmap: 175 } });
    const refused = await device.expect("4112", (frame) => frame.cmd === CommandType.error);
    expect([has(refused, "i"), refused.peerId, refusal(refused)]).toEqual([
      false,
      tom,
      "4112 SESSION_TOKEN_EXPIRED",
    ]);
    device.send({ ...form, sessionMessage: { st, r: true, configBitmap: 175 } });
    const opened = await device.expect("opened", (frame) => frame.op === OpType.opened);
    expect([has(opened, "i"), opened.peerId]).toEqual([false, tom]);
    expect(token(opened)).not.toBe("");
    // The app's own open follows on the same socket.
    device.clientId = tom;
    expect((await device.login(tom)).op).toBe(OpType.opened);
  });

  test("[wire §4.1] a login of Java without a serial is refused by the end of its session, unless its token is the cause", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    device.send({ cmd: "session", op: "open", appId: "another-app", peerId: tom });
    const closed = await device.push("session", "closed");
    expect(closed.peerId).toBe(tom);
    expect(closed.sessionMessage).toMatchObject({ code: 4100, reason: "APP_NOT_AVAILABLE" });
  });

  test("[wire §4.1] a refused token leaves an open session open", async () => {
    const { tom, toms: device } = await onlineClients("tom");
    expect(refusal(await device.login(tom, { st: "stale" }))).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(onlineIn(await askPresence(device, [tom]))).toEqual([tom]);
  });

  test("[I10] a login with very long fields is answered, whether refused or accepted", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    const long = "x".repeat(20_000);
    const opened = await device.login(tom, { tag: long, deviceId: long });
    expect(opened.cmd).toBe(CommandType.error);
    expect((await device.login(tom)).op).toBe(OpType.opened);
    expect(onlineIn(await askPresence(device, [tom]))).toEqual([tom]);
  });
});

describe("a logout", () => {
  test("[C-09] a logout ends the tokens of its device, on the socket and over HTTP, and of no other device", async () => {
    const [tom] = named("tom");
    const phone = await WorkerdDevice.connect();
    const st = token(await phone.login(tom, { deviceId: "phone" }));
    const tablet = await WorkerdDevice.connect();
    const tablets = token(await tablet.login(tom, { deviceId: "tablet" }));
    const renewed = token(await phone.ask({ cmd: "session", op: "refresh", sessionMessage: { st } }));
    await phone.ask({ cmd: "session", op: "close" });
    await maybeHibernate();
    for (const ended of [st, renewed]) {
      expect(refusal(await (await WorkerdDevice.connect()).login(tom, { st: ended, r: true }))).toContain(
        "4112",
      );
      expect((await notifications(tom, ended)).status).toBe(401);
    }
    expect((await notifications(tom, tablets)).status).toBe(200);
    const again = token(await (await WorkerdDevice.connect()).login(tom, { deviceId: "phone" }));
    expect(refusal(await (await WorkerdDevice.connect()).login(tom, { st: again, r: true }))).toBe("");
  });

  test("[C-09] a logout of a device without a name ends only the tokens of its own session", async () => {
    const [tom] = named("tom");
    const devices = [await WorkerdDevice.connect(), await WorkerdDevice.connect()];
    const tokens = await Promise.all(devices.map(async (device) => token(await device.login(tom))));
    await devices[0]?.ask({ cmd: "session", op: "close" });
    const statuses = await Promise.all(tokens.map(async (st) => (await notifications(tom, st)).status));
    expect(statuses).toEqual([401, 200]);
  });
});
