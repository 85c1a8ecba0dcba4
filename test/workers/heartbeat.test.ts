import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ClientObject } from "../../src/client/client-object.ts";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { heard, named, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { caughtUp, loggedIn, pushesOf } from "./support/commands.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** Devices that are lost without a close, idle sockets, and logins that cannot be decided. */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ limits: { silenceSeconds: null, keepAliveSeconds: null } });
});

/** Beats for some seconds, as devices do that are there. */
async function beat(seconds: number, ...devices: WorkerdDevice[]): Promise<void> {
  for (let at = 0; at < seconds * 4; at += 1) {
    for (const device of devices) device.send({ cmd: "echo" });
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

describe("a silent device", () => {
  test("[C-06] [M-47] a silent device is closed with 4107, its will is sent and its tag free; one with heartbeats stays", async () => {
    await configure({ limits: { silenceSeconds: 2 } });
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom, { tag: "phone", deviceId: "one" });
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "I am gone", { will: true });
    await caughtUp(chat, jerrys);
    await beat(4, jerrys);
    expect(await toms.closing()).toEqual({ code: 4107, reason: "READ_TIMEOUT" });
    await jerrys.message("I am gone");
    // What another device may not do while the first one is there.
    const other = await loggedIn(tom, { tag: "phone", deviceId: "two", r: true });
    expect(jerrys.closed).toBeUndefined();
    await say(other, chat, "it is me");
    await settle(chat, other, jerrys);
    expect(heard(jerrys, chat)).toEqual(["I am gone", "it is me"]);
  });

  test("[C-06] a silent device whose heartbeats the server cannot see is closed only if it does not acknowledge a message", async () => {
    await configure({ limits: { silenceSeconds: 1 } });
    const [tom, jerry] = named("tom", "jerry");
    const javas = await loggedIn(tom, { ua: "LeanCloud-Java-SDK/8.2.28" });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(javas.closed).toBeUndefined();
    const jerrys = await WorkerdDevice.of(jerry);
    const chat = await start(jerrys, [tom, jerry], { unique: false });
    const messages = async () => {
      await say(jerrys, chat, "are you there?");
      await javas.message("are you there?");
    };
    await messages();
    const to = Date.now();
    javas.send({ cmd: "ack", peerId: tom, ackMessage: { cid: chat, fromts: 1, tots: to } });
    await beat(2, jerrys);
    expect(javas.closed).toBeUndefined();
    await messages();
    expect((await javas.closing()).code).toBe(4107);
  });
});

test("an idle socket is sent an echo that was not requested, and no object wakes for it", async () => {
  await configure({ limits: { keepAliveSeconds: 1 } });
  const [tom] = named("tom");
  const toms = await loggedIn(tom);
  const woken = vi.spyOn(ClientObject.prototype, "webSocketMessage");
  const echoes = () => pushesOf(toms, "echo");
  await expect.poll(() => echoes().length, { timeout: 10_000 }).toBe(2);
  for (const echo of echoes()) expect([echo.cmd, has(echo, "i")]).toEqual([CommandType.echo, false]);
  expect(woken).not.toHaveBeenCalled();
});

describe("a login that cannot be decided", () => {
  test("[C-02] a login that cannot be decided closes the socket with 4200, after which every SDK reconnects, and gets no error", async () => {
    const [tom] = named("tom");
    const fetch = vi.spyOn(ClientObject.prototype, "fetch").mockResolvedValueOnce(new Response(null));
    const toms = await WorkerdDevice.connect();
    await expect(toms.login(tom, { r: true })).rejects.toThrow();
    expect(toms.closed).toEqual({ code: 4200, reason: "INTERNAL_ERROR" });
    expect(toms.received).toEqual([]);
    expect(fetch).toHaveBeenCalledTimes(1);
    await loggedIn(tom, { r: true });
  });
});
