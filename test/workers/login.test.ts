import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal } from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { sessionOpen } from "./support/commands.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());

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
    device.send({ ...sessionOpen(tom, 5), appId: "another-app" });
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
