import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal, say, start } from "../support/chat.ts";
import { loggedIn } from "./support/commands.ts";
import { kick, login, loginSigned, SECURITY_OFF, type Session } from "./support/logins.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, maybeHibernate, openWorld, world } from "./support/world.ts";

/** Which clients may log in, by a signature of the app's server. */

const HOUR = 60 * 60 * 1000;
const FAILED = "4102 SIGNATURE_FAILED";

beforeAll(() => openWorld());
afterEach(() => configure({ security: SECURITY_OFF }));

describe("with login signatures off", () => {
  test("[X-01] with login signatures off, every client may log in, and a wrong signature is not checked", async () => {
    const [tom] = named("tom");
    expect(await login(tom)).toBe("");
    expect(await login(tom, { s: "wrong", t: 1, n: "x" })).toBe("");
    expect(await login(tom, loginSigned(tom, Date.now() - 7 * HOUR))).toBe("");
    const toms = await loggedIn(tom);
    const sessionMessage = { s: "wrong", t: 1, n: "x" };
    expect((await toms.ask({ cmd: "session", op: "refresh", sessionMessage })).op).toBe(OpType.refreshed);
  });
});

describe("with login signatures on", () => {
  beforeEach(() => configure({ security: { signLogin: true } }));

  test("[X-01] [X-02] a client with a signature of the app's server may log in, and one without may not", async () => {
    const [tom] = named("tom");
    expect(await login(tom)).toBe(FAILED);
    expect(await login(tom, loginSigned(tom))).toBe("");
  });

  test("[X-01] a refused client may log in on the same socket with a signature", async () => {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect();
    expect(refusal(await device.login(tom))).toBe(FAILED);
    expect((await device.login(tom, loginSigned(tom))).op).toBe(OpType.opened);
  });

  test("[X-04] a signature may have its time in seconds, and be written in upper case", async () => {
    const [tom] = named("tom");
    const seconds = loginSigned(tom, Math.floor(Date.now() / 1000));
    expect(await login(tom, seconds)).toBe("");
    const signature = loginSigned(tom);
    expect(await login(tom, { ...signature, s: signature.s.toUpperCase() })).toBe("");
  });

  test("[X-02] a signature that is stale, early, changed, another client's or by another key is refused with 4102", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const good = loginSigned(tom);
    const bad: [string, Session][] = [
      ["stale", loginSigned(tom, Date.now() - 6 * HOUR - 1_000)],
      ["stale, in seconds", loginSigned(tom, Math.floor(Date.now() / 1000) - 6 * 3_600 - 1)],
      ["early", loginSigned(tom, Date.now() + HOUR)],
      ["of another time", { ...good, t: good.t + 1 }],
      ["of another nonce", { ...good, n: `${good.n}x` }],
      ["without nonce", { s: good.s, t: good.t }],
      ["without time", { s: good.s, n: good.n }],
      ["tampered", { ...good, s: good.s.replace(/^./, (digit) => (digit === "0" ? "1" : "0")) }],
      ["cut", { ...good, s: good.s.slice(2) }],
      ["no hex", { ...good, s: "汤姆" }],
      ["nothing", { ...good, s: "" }],
      ["Jerry's", loginSigned(jerry)],
      ["by the app key", loginSigned(tom, Date.now(), world.APP_KEY)],
      ["a token", { s: "e30.e30.e30", t: good.t, n: good.n }],
    ];
    for (const [how, session] of bad) expect([how, await login(tom, session)]).toEqual([how, FAILED]);
    expect(await login(tom, good)).toBe("");
  });

  test("[C-09] a valid session token replaces the signature, and no other does", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { token: st } = await loggedIn(tom, loginSigned(tom));
    expect(await login(tom, { st, r: true })).toBe("");
    expect(await login(tom, { st: `${st}x`, ...loginSigned(tom) })).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(await login(jerry, { st })).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(await login(tom, { r: true })).toBe(FAILED);
  });

  test("[X-01] a client that is logged in stays so after a second login without a signature", async () => {
    const [tom] = named("tom");
    const toms = await loggedIn(tom, loginSigned(tom));
    const chat = await start(toms, [tom]);
    expect(refusal(await toms.login(tom))).toBe(FAILED);
    expect(refusal(await say(toms, chat, "still here"))).toBe("");
    expect((await toms.login(tom, loginSigned(tom))).op).toBe(OpType.opened);
  });

  test("[wire §6] a refresh needs no signature, but one that is sent has to be right", async () => {
    const [tom] = named("tom");
    const toms = await loggedIn(tom, loginSigned(tom));
    const refresh = (sessionMessage: Session) => toms.ask({ cmd: "session", op: "refresh", sessionMessage });
    expect((await refresh({ st: toms.token })).op).toBe(OpType.refreshed);
    expect((await refresh(loginSigned(tom))).op).toBe(OpType.refreshed);
    expect(refusal(await refresh({ st: toms.token, ...loginSigned(tom, 1) }))).toBe(FAILED);
    expect((await refresh({})).op).toBe(OpType.refreshed);
  });

  test("[X-01] a client without an id cannot log in with a signature", async () => {
    const device = await WorkerdDevice.connect();
    device.send({ cmd: "session", op: "open", appId: world.APP_ID, i: 1 });
    expect(refusal(await device.answer(1))).toBe(FAILED);
  });

  test("[X-01] a token of a login without a signature does not replace one", async () => {
    const [tom] = named("tom");
    await configure({ security: SECURITY_OFF });
    const { token: unproven } = await loggedIn(tom);
    await configure({ security: { signLogin: true } });
    expect(await login(tom, { st: unproven, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
    const { token: proven } = await loggedIn(tom, loginSigned(tom));
    await configure({ security: SECURITY_OFF });
    const { token: renewed } = await loggedIn(tom, { st: proven, r: true });
    await configure({ security: { signLogin: true } });
    expect(await login(tom, { st: renewed, r: true })).toBe("");
  });

  test("[X-03] signatures and tokens from before a kick are refused", async () => {
    const [tom] = named("tom");
    const before = loginSigned(tom);
    const seconds = loginSigned(tom, Math.floor(Date.now() / 1000) - 1);
    const toms = await loggedIn(tom, before);
    expect(await kick(tom)).toBe(1);
    await maybeHibernate();
    expect(await login(tom, before)).toBe(FAILED);
    expect(await login(tom, seconds)).toBe(FAILED);
    expect(await login(tom, { st: toms.token, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
    expect(await login(tom, { st: toms.token, ...loginSigned(tom, Date.now() + 1_000) })).toBe(
      "4112 SESSION_TOKEN_EXPIRED",
    );
    const again = await loggedIn(tom, loginSigned(tom, Date.now() + 1_000));
    expect(await login(tom, { st: again.token, r: true })).toBe("");
  });
});
