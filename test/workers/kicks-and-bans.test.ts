import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { named, refusal, say, start } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { loggedIn, notifications } from "./support/commands.ts";
import { clientObject, kick, login, SECURITY_OFF } from "./support/logins.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, maybeHibernate, openWorld, world } from "./support/world.ts";

beforeAll(() => openWorld());
afterEach(() => configure({ security: SECURITY_OFF }));

describe("a client that is kicked", () => {
  test("[C-10] [X-03] a kicked client receives 4115 and the reason on every device, and nothing after it", async () => {
    const [tom] = named("tom");
    const toms = [await loggedIn(tom), await loggedIn(tom, { tag: "web" })];
    expect(await kick(tom, "for the cat")).toBe(2);
    for (const device of toms) {
      const { sessionMessage } = await device.push("session", "closed");
      expect(sessionMessage).toMatchObject({ code: 4115, reason: "KICKED_BY_APP", detail: "for the cat" });
      device.clientId = tom;
      expect(refusal(await device.ask({ cmd: "conv", op: "count", convMessage: { cid: "x" } }))).toBe(
        "4105 SESSION_REQUIRED",
      );
    }
    expect(await clientObject(tom, (object) => object.isOnline())).toBe(false);
    expect(await kick(tom)).toBe(0);
  });

  test("[C-10] a client may be kicked without a reason", async () => {
    const [tom] = named("tom");
    const device = await loggedIn(tom);
    await kick(tom, "");
    expect(has((await device.push("session", "closed")).sessionMessage, "detail")).toBe(false);
  });

  test("[X-03] a kicked client may log in again, unless signatures are required", async () => {
    const [tom] = named("tom");
    const { token: st } = await loggedIn(tom);
    await kick(tom);
    expect(await login(tom, { st, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
    const again = await loggedIn(tom);
    expect((await notifications(tom, st)).status).toBe(401);
    expect((await notifications(tom, again.token)).status).toBe(200);
    const check = (token: string) => clientObject(tom, (object) => object.checkToken(tom, token));
    expect(await check(st)).toEqual({ refused: "SESSION_TOKEN_EXPIRED" });
    expect(await check(again.token)).toBeUndefined();
    expect(await check("")).toEqual({ refused: "SESSION_TOKEN_EXPIRED" });
    expect(await login(tom, { st: again.token, r: true })).toBe("");
  });

  test("[M-50] [X-03] the will of a kicked client is not sent", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    const jerrys = await loggedIn(jerry);
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "I am gone", { will: true });
    await kick(tom);
    await toms.push("session", "closed");
    await maybeHibernate();
    await say(jerrys, chat, "are you?");
    expect(jerrys.texts(chat)).toEqual([]);
    const again = await loggedIn(tom);
    await say(again, chat, "here I am");
    await jerrys.message("here I am");
    expect(jerrys.texts(chat)).toEqual(["here I am"]);
  });
});

describe("a client that is banned", () => {
  const ban = (clientId: string) => clientObject(clientId, (object) => object.ban(clientId, "no cats"));
  const unban = (clientId: string) => clientObject(clientId, (object) => object.unban());

  test("[X-22] [C-10] a banned client receives 4106 and may not log in, by token or otherwise, until the ban is lifted", async () => {
    const [tom] = named("tom");
    const toms = await loggedIn(tom);
    await ban(tom);
    const { sessionMessage } = await toms.push("session", "closed");
    expect(sessionMessage).toMatchObject({ code: 4106, reason: "BLACKLISTED", detail: "no cats" });
    await maybeHibernate();
    expect(await login(tom)).toBe("4106 BLACKLISTED");
    expect(await login(tom, { st: toms.token, r: true })).toBe("4106 BLACKLISTED");
    expect((await notifications(tom, toms.token)).status).toBe(403);
    await unban(tom);
    await maybeHibernate();
    expect(await login(tom)).toBe("");
    expect(await login(tom, { st: toms.token, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
  });

  test("[X-22] a client that never logged in can be banned, and no other client is affected", async () => {
    const [tom, jerry] = named("tom", "jerry");
    await ban(tom);
    expect([await login(tom), await login(jerry)]).toEqual(["4106 BLACKLISTED", ""]);
  });

  test("[X-22] [wire §4.1] a banned client that logs in with a token and no serial receives the ban as an event (Java)", async () => {
    const [tom] = named("tom");
    const { token: st } = await loggedIn(tom);
    await ban(tom);
    const device = await WorkerdDevice.connect();
    const open = { cmd: "session", op: "open", appId: world.APP_ID, peerId: tom } as const;
    device.send({ ...open, sessionMessage: { st } });
    expect((await device.push("session", "closed")).sessionMessage?.code).toBe(4106);
  });

  test("[X-22] a token from before a ban stays refused after the ban is lifted", async () => {
    const [tom] = named("tom");
    const { token: st } = await loggedIn(tom);
    await ban(tom);
    await unban(tom);
    await maybeHibernate();
    expect(await login(tom, { st, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect((await notifications(tom, st)).status).toBe(401);
  });

  test("[X-22] neither a ban nor its end lifts a kick", async () => {
    const [tom] = named("tom");
    const { token: st } = await loggedIn(tom);
    await kick(tom);
    await ban(tom);
    await unban(tom);
    expect(await login(tom, { st, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
  });
});
