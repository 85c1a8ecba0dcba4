import { beforeAll, describe, expect, test } from "vitest";
import { CommandType, OpType } from "../../src/protocol/generated/message_pb.js";
import { heard, named, refusal, say, settle, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { caughtUp, loggedIn, notifications } from "./support/commands.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** Single sign-on: one device per client and tag (I6). */

beforeAll(() => openWorld());

const SETTLED = 300; // ms
const CONFLICT = "4111 SESSION_CONFLICT";
const EXPIRED = "4112 SESSION_TOKEN_EXPIRED";

const phone = { tag: "mobile", deviceId: "phone" };
const other = { tag: "mobile", deviceId: "another phone" };

/** The answer to a login on a socket of its own. */
async function attempt(clientId: string, session: object): Promise<GenericCommand> {
  return (await WorkerdDevice.connect()).login(clientId, session);
}

/** Which of these devices, in order, receive messages to their client now. */
async function hearing(clientId: string, ...devices: WorkerdDevice[]): Promise<boolean[]> {
  const { jerry, jerrys } = await onlineClients("jerry");
  const chat = await start(jerrys, [clientId, jerry], { unique: false });
  await say(jerrys, chat, "who hears?");
  await say(jerrys, chat, "and now?");
  await expect.poll(() => devices.some((device) => heard(device, chat).length === 2)).toBe(true);
  // A device that just logged in receives events a moment later (gotcha 40).
  await new Promise((resolve) => setTimeout(resolve, SETTLED));
  const listening = devices.filter((device) => heard(device, chat).length > 0);
  await settle(chat, jerrys, ...listening);
  return devices.map((device) => device.pushes().some((push) => push.directMessage?.cid === chat));
}

describe("displacing", () => {
  test("[D-03] [D-09] an explicit login with a tag held elsewhere ends the other session, with the reason", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    const second = await loggedIn(tom, other);
    const closed = await first.push("session", "closed");
    expect([closed.peerId, closed.service, has(closed, "i")]).toEqual([tom, 2, false]);
    expect(closed.sessionMessage).toMatchObject({ code: 4111, reason: "SESSION_CONFLICT" });
    expect(closed.sessionMessage?.detail).toBeTruthy();
    expect(await hearing(tom, first, second)).toEqual([false, true]);
  });

  test("[wire §5.6] the displaced device keeps its socket, but has no session on it", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const first = await loggedIn(tom, phone);
    const chat = await start(first, [tom, jerry]);
    await loggedIn(tom, other);
    await first.push("session", "closed");
    expect(refusal(await say(first, chat, "still me"))).toBe("4105 SESSION_REQUIRED");
    expect((await first.ask({ cmd: "echo" })).cmd).toBe(CommandType.echo);
    expect(first.closed).toBeUndefined();
    const [nibbles] = named("nibbles");
    expect((await first.login(nibbles)).op).toBe(OpType.opened);
  });

  test("[D-09] the displaced device receives nothing more of a conversation that both were subscribed to", async () => {
    const [tom] = named("tom");
    const { jerry, jerrys } = await onlineClients("jerry");
    const first = await loggedIn(tom, phone);
    const chat = await start(jerrys, [tom, jerry]);
    await say(first, chat, "I am subscribed");
    await say(jerrys, chat, "one");
    await first.message("one");
    const second = await loggedIn(tom, other);
    await first.push("session", "closed");
    await caughtUp(chat, second);
    const before = first.received.length;
    for (const text of ["two", "three", "four"]) await say(jerrys, chat, text);
    await settle(chat, jerrys, second);
    expect(first.received.length).toBe(before);
    expect(heard(second, chat)).toEqual(["two", "three", "four"]);
  });

  test("[D-03] [wire §4.1] the displaced token is refused for good, also after the new device left", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    const second = await loggedIn(tom, other);
    const { token } = first;
    const refused = async (session: object) => refusal(await attempt(tom, { st: token, ...session }));
    expect(await refused({ r: true })).toBe(CONFLICT);
    expect(await refused({ r: true, ...phone })).toBe(CONFLICT);
    expect(await refused({ r: false })).toBe(CONFLICT);
    expect((await notifications(tom, second.token)).status).toBe(200);
    expect((await notifications(tom, token)).status).toBe(401);
    await second.ask({ cmd: "session", op: "close" });
    expect(await refused({ r: true })).toBe(CONFLICT);
    expect((await notifications(tom, token)).status).toBe(401);
    // A new login by a person on the first device is accepted.
    expect((await attempt(tom, phone)).op).toBe(OpType.opened);
  });

  test("[I6] of ten explicit logins at once exactly one session is left, and it receives messages", async () => {
    const [tom] = named("tom");
    const devices = await Promise.all(Array.from({ length: 10 }, () => WorkerdDevice.connect()));
    const answers = await Promise.all(
      devices.map((device, at) => device.login(tom, { tag: "mobile", deviceId: `phone ${at}` })),
    );
    const isClosed = (device: WorkerdDevice) =>
      device.pushes().some(({ cmd, sessionMessage }) => cmd === CommandType.session && sessionMessage?.code);
    const refused = (at: number) => answers[at]?.op !== OpType.opened;
    const left = () => devices.filter((device, at) => !refused(at) && !isClosed(device));
    await expect.poll(() => left().length).toBe(1);
    const who = await hearing(tom, ...devices);
    expect(who.filter(Boolean)).toHaveLength(1);
    expect(devices.filter((_, at) => who[at])).toEqual(left());
  });

  test("[I6] each explicit login of two devices in turn ends exactly the session before it", async () => {
    const [tom] = named("tom");
    let last = await loggedIn(tom, phone);
    for (let turn = 0; turn < 4; turn += 1) {
      const next = await loggedIn(tom, turn % 2 === 0 ? other : phone);
      expect((await last.push("session", "closed")).sessionMessage?.code).toBe(4111);
      expect(refusal(await attempt(tom, { r: true, st: last.token }))).toBe(CONFLICT);
      last = next;
    }
    expect(await hearing(tom, last)).toEqual([true]);
  });

  test("[D-03] a login of the same device replaces its session and revokes no token", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    const second = await loggedIn(tom, phone);
    expect(await hearing(tom, first, second)).toEqual([false, true]);
    expect((await notifications(tom, first.token)).status).toBe(200);
    expect((await attempt(tom, { st: first.token, r: true })).op).toBe(OpType.opened);
  });

  test("[wire §2.6] opening again on the same socket does not displace the session", async () => {
    const [tom] = named("tom");
    const device = await loggedIn(tom, phone);
    for (const r of [false, true]) expect((await device.login(tom, { ...phone, r })).op).toBe(OpType.opened);
    expect(device.pushes().filter(({ cmd }) => cmd === CommandType.session)).toEqual([]);
    expect(await hearing(tom, device)).toEqual([true]);
  });
});

describe("not displacing", () => {
  test("[D-10] [D-11] a login that declines to displace is refused while another device is on", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    for (const session of [other, { tag: "mobile" }]) {
      const refused = await attempt(tom, { ...session, r: true });
      expect([refused.cmd, refusal(refused)]).toEqual([CommandType.error, CONFLICT]);
    }
    expect(await hearing(tom, first)).toEqual([true]);
    expect(first.pushes().filter(({ cmd }) => cmd === CommandType.session)).toEqual([]);
    expect((await notifications(tom, first.token)).status).toBe(200);
  });

  test("[D-10] [wire §4.1] a device that declines to displace may log in again by its own name or by its token alone", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    const second = await loggedIn(tom, { ...phone, r: true });
    const third = await loggedIn(tom, { st: second.token, r: true });
    expect(await hearing(tom, first, second, third)).toEqual([false, false, true]);
  });

  test("[wire §4.1] [C-12] Swift names its device by its push token, and keeps its session when that changes", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, { tag: "mobile", deviceToken: "apns-1" });
    expect((await attempt(tom, { tag: "mobile", deviceToken: "apns-1", r: true })).op).toBe(OpType.opened);
    const changed = { tag: "mobile", deviceToken: "apns-2", r: true };
    expect((await attempt(tom, { ...changed, st: first.token })).op).toBe(OpType.opened);
  });

  test("[D-10] an automatic login succeeds from any device while no device is online", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    await first.ask({ cmd: "session", op: "close" });
    expect((await attempt(tom, { ...other, r: true })).op).toBe(OpType.opened);
  });

  test("[D-04] sessions with other tags, or without one, do not affect each other", async () => {
    const [tom] = named("tom");
    const devices = [
      await loggedIn(tom, phone),
      await loggedIn(tom, { tag: "web", deviceId: "browser" }),
      await loggedIn(tom, { tag: "tablet", deviceId: "phone" }),
      await loggedIn(tom),
      await loggedIn(tom, { deviceId: "phone" }),
      await loggedIn(tom, { tag: "Mobile", deviceId: "x" }),
    ];
    expect(await hearing(tom, ...devices)).toEqual(devices.map(() => true));
    expect((await attempt(tom, { tag: "web", deviceId: "another", r: true })).cmd).toBe(CommandType.error);
  });

  test("[D-02] [D-05] the tag `default` is none: any number of devices may use it, each with its token", async () => {
    const [tom] = named("tom");
    const devices = [
      await loggedIn(tom, { tag: "default", deviceId: "one" }),
      await loggedIn(tom, { tag: "default", deviceId: "two" }),
      await loggedIn(tom, { tag: "default", deviceId: "three", r: true }),
      await loggedIn(tom),
    ];
    expect(await hearing(tom, ...devices)).toEqual([true, true, true, true]);
    for (const { token } of devices) {
      expect((await attempt(tom, { st: token, r: true, tag: "default" })).op).toBe(OpType.opened);
    }
  });

  test("[D-06] a tag belongs to one client and does not affect the same tag of another", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom, phone);
    const jerrys = await loggedIn(jerry, other);
    expect(await hearing(tom, toms, jerrys)).toEqual([true, false]);
  });
});

describe("tokens", () => {
  test("[wire §4.1] a token carries its tag: it displaces and is refused as its session would be", async () => {
    const [tom] = named("tom");
    const { token } = await loggedIn(tom, phone);
    // JavaScript comes back with neither tag nor device.
    const back = await loggedIn(tom, { st: token, r: true });
    const refused = await attempt(tom, { ...other, r: true });
    expect(refusal(refused)).toBe(CONFLICT);
    await loggedIn(tom, other);
    expect((await back.push("session", "closed")).sessionMessage?.code).toBe(4111);
  });

  test("[wire §4.1] a token of one tag is refused for another", async () => {
    const [tom] = named("tom");
    const { token } = await loggedIn(tom, phone);
    const untagged = await loggedIn(tom);
    expect(refusal(await attempt(tom, { st: token, r: true, tag: "web" }))).toBe(EXPIRED);
    expect(refusal(await attempt(tom, { st: token, r: true, tag: "default" }))).toBe(EXPIRED);
    expect(refusal(await attempt(tom, { st: untagged.token, r: true, tag: "mobile" }))).toBe(EXPIRED);
  });

  test("[wire §4.2] a refreshed token holds the tag like the first", async () => {
    const [tom] = named("tom");
    const first = await loggedIn(tom, phone);
    const refreshed = await first.ask({ cmd: "session", op: "refresh" });
    const st = refreshed.sessionMessage?.st ?? "";
    expect(refusal(await attempt(tom, { st, r: true, tag: "web" }))).toBe(EXPIRED);
    await loggedIn(tom, other);
    expect(refusal(await attempt(tom, { st, r: true }))).toBe(CONFLICT);
  });

  test("[wire §4.1] a login in Java's token form, without a serial, is answered by opened or by closed with 4111, both without one", async () => {
    const [tom] = named("tom");
    const { token } = await loggedIn(tom, phone);
    const bare = { cmd: "session", op: "open", appId: world.APP_ID, peerId: tom } as const;
    const form = { st: token, r: true, configBitmap: 175, deviceId: "phone" };
    const back = await WorkerdDevice.connect();
    back.clientId = tom;
    back.send({ ...bare, sessionMessage: form });
    const opened = await back.push("session", "opened");
    expect([opened.peerId, has(opened, "i")]).toEqual([tom, false]);
    const displacing = await loggedIn(tom, other);
    await back.push("session", "closed");
    const again = await WorkerdDevice.connect();
    again.clientId = tom;
    again.send({ ...bare, sessionMessage: form });
    const closed = await again.push("session", "closed");
    expect([closed.peerId, has(closed, "i")]).toEqual([tom, false]);
    expect(closed.sessionMessage).toMatchObject({ code: 4111, reason: "SESSION_CONFLICT" });
    again.send({ ...bare, sessionMessage: { ...form, st: "stale" } });
    const refused = await again.expect("4112", ({ cmd }) => cmd === CommandType.error);
    expect([has(refused, "i"), refused.peerId, refusal(refused)]).toEqual([false, tom, EXPIRED]);
    expect(await hearing(tom, back, again, displacing)).toEqual([false, false, true]);
  });
});
