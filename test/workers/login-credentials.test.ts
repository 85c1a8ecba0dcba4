import { runInDurableObject } from "cloudflare:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ClientObject } from "../../src/client/client-object.ts";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal, say, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import { hmac, onTheWire, signingTime, stamped } from "../support/sign.ts";
import { loggedIn, notifications } from "./support/commands.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, maybeHibernate, openWorld, world } from "./support/world.ts";

/** Which clients may log in (X-01 to, C-10, C-11). */

type Session = NonNullable<CommandInit["sessionMessage"]>;

const HOUR = 60 * 60 * 1000;
const OFF = { signLogin: false, signConversation: false, origins: [], jwt: null };
const FAILED = "4102 SIGNATURE_FAILED";

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ security: OFF });
});

/** A login signature as an app's server makes it. */
function loginSigned(clientId: string, timestamp = signingTime(), masterKey = world.MASTER_KEY) {
  const stamp = stamped(timestamp);
  return onTheWire(hmac(masterKey, `${world.APP_ID}:${clientId}::${stamp.timestamp}:${stamp.nonce}`), stamp);
}

/** The answer to a login on a socket of its own: "" for a welcome. */
async function login(clientId: string, session: Session = {}): Promise<string> {
  const device = await WorkerdDevice.connect();
  const answer = await device.login(clientId, session);
  if (answer.op === OpType.opened) await device.ask({ cmd: "session", op: "close" });
  device.close();
  return refusal(answer);
}

/** What the app's server asks of a client's object over HTTP. */
function client<Answer>(clientId: string, ask: (object: ClientObject) => Promise<Answer>): Promise<Answer> {
  return runInDurableObject(world.CLIENTS.getByName(clientId), (object) => {
    if (!(object instanceof ClientObject)) throw new Error("no client");
    return ask(object);
  });
}

const kick = (clientId: string, reason = "enough") =>
  client(clientId, (object) => object.kick(clientId, reason));

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
    await configure({ security: OFF });
    const { token: unproven } = await loggedIn(tom);
    await configure({ security: { signLogin: true } });
    expect(await login(tom, { st: unproven, r: true })).toBe("4112 SESSION_TOKEN_EXPIRED");
    const { token: proven } = await loggedIn(tom, loginSigned(tom));
    await configure({ security: OFF });
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
    expect(await client(tom, (object) => object.isOnline())).toBe(false);
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
    const check = (token: string) => client(tom, (object) => object.checkToken(tom, token));
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
  const ban = (clientId: string) => client(clientId, (object) => object.ban(clientId, "no cats"));
  const unban = (clientId: string) => client(clientId, (object) => object.unban());

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

describe("JSON Web Tokens", () => {
  const SECRET = "a secret between the app's server and Parley";
  const now = () => Math.floor(Date.now() / 1000);

  function token(claims: JWTPayload, secret = SECRET): Promise<string> {
    const payload = { iat: now(), exp: now() + 3_600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
  }

  /** As any SDK's signature factory carries one. */
  const carried = (s: string) => ({ s, t: Date.now(), n: "n0nce" });

  test("[X-01] JSON Web Tokens signed with the secret are accepted, and a login without one is refused", async () => {
    await configure({ security: { jwt: { secret: SECRET } } });
    const [tom, jerry] = named("tom", "jerry");
    expect(await login(tom, carried(await token({ sub: tom })))).toBe("");
    expect(await login(tom, { s: await token({ sub: tom }) })).toBe("");
    const bad: [string, Session][] = [
      ["none", {}],
      ["expired", carried(await token({ sub: tom, exp: now() - 3_600 }))],
      ["endless", carried(await token({ sub: tom, exp: undefined }))],
      ["Jerry's", carried(await token({ sub: jerry }))],
      ["by another secret", carried(await token({ sub: tom }, "another"))],
      ["by none", carried(`${new UnsecuredJWT({ sub: tom, exp: now() + 60 }).encode()}AAAA`)],
      ["by none, as it is", carried(new UnsecuredJWT({ sub: tom, exp: now() + 60 }).encode())],
      ["a signature", loginSigned(tom)],
    ];
    for (const [how, session] of bad) expect([how, await login(tom, session)]).toEqual([how, FAILED]);
  });

  test("[X-01] with both required, a JSON Web Token or a signature is enough, and neither is refused", async () => {
    await configure({ security: { signLogin: true, jwt: { secret: SECRET } } });
    const [tom] = named("tom");
    expect(await login(tom, carried(await token({ sub: tom })))).toBe("");
    expect(await login(tom, loginSigned(tom))).toBe("");
    expect(await login(tom)).toBe(FAILED);
    expect(await login(tom, loginSigned(tom, 1))).toBe(FAILED);
  });

  test("[X-03] JSON Web Tokens from before a kick, or without a time, are refused", async () => {
    await configure({ security: { jwt: { secret: SECRET } } });
    const [tom] = named("tom");
    const before = carried(await token({ sub: tom, iat: now() - 1 }));
    const timeless = carried(await token({ sub: tom, iat: undefined }));
    expect([await login(tom, before), await login(tom, timeless)]).toEqual(["", ""]);
    await kick(tom);
    expect([await login(tom, before), await login(tom, timeless)]).toEqual([FAILED, FAILED]);
    expect(await login(tom, carried(await token({ sub: tom, iat: now() + 2 })))).toBe("");
  });

  test("[X-01] JSON Web Tokens by published keys are accepted, and without the keys the socket closes with 4200", async () => {
    const jwksUrl = `https://id.example.com/${Math.random()}`;
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const keys = [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }];
    let answer = () => Promise.resolve(Response.json({ keys }));
    const fetch = vi.spyOn(globalThis, "fetch").mockImplementation((asked) => {
      expect(String(asked)).toBe(jwksUrl);
      return answer();
    });
    await configure({ security: { jwt: { jwksUrl } } });
    const [tom] = named("tom");
    const payload = { sub: tom, iat: now(), exp: now() + 60 };
    const good = await new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(privateKey);
    expect(await login(tom, carried(good))).toBe("");
    expect(await login(tom, carried(await token({ sub: tom })))).toBe(FAILED);
    expect(await login(tom, carried(good))).toBe("");
    expect(fetch).toHaveBeenCalledTimes(1);

    answer = () => Promise.resolve(new Response("sorry", { status: 500 }));
    fetch.mockImplementation(answer);
    await configure({ security: { jwt: { jwksUrl: `${jwksUrl}/moved` } } });
    const device = await WorkerdDevice.connect();
    await expect(device.login(tom, carried(good))).rejects.toThrow();
    expect(device.closed).toEqual({ code: 4200, reason: "INTERNAL_ERROR" });
  });
});

describe("with conversation signatures on", () => {
  beforeEach(() => configure({ security: { signConversation: true } }));

  const UNSIGNED = "4302 CONVERSATION_SIGNATURE_FAILED";

  /** Asks for a conversation of these members, signed for that list of them. */
  async function create(
    device: WorkerdDevice,
    members: string[],
    signedList?: string,
    timestamp = signingTime(),
  ) {
    const stamp = stamped(timestamp);
    const text = `${world.APP_ID}:${device.clientId}:${signedList}:${stamp.timestamp}:${stamp.nonce}`;
    const signature = signedList === undefined ? {} : onTheWire(hmac(world.MASTER_KEY, text), stamp);
    const convMessage = { m: members, unique: false, ...signature };
    return refusal(await device.ask({ cmd: "conv", op: "start", convMessage }));
  }

  test("[X-01] with conversation signatures on, a start needs a signature for exactly its members", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const toms = await loggedIn(tom);
    const both = [tom, jerry].toSorted().join(":");
    expect(await create(toms, [tom, jerry])).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both)).toBe("");
    expect(await create(toms, [tom, jerry, mary], both)).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both, Date.now() - 6 * HOUR - 1_000)).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both, Math.floor(Date.now() / 1000))).toBe("");
  });

  test("[wire §6] C# sends and signs the members without the creator", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    expect(await create(toms, [jerry], jerry)).toBe("");
    expect(await create(toms, [jerry], [tom, jerry].toSorted().join(":"))).toBe("");
    expect(await create(toms, [tom, jerry], jerry)).toBe("");
  });

  test("[X-02] [I12] the signature of a login creates no conversation", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    const convMessage = { m: [tom, jerry], ...loginSigned(tom) };
    expect(refusal(await toms.ask({ cmd: "conv", op: "start", convMessage }))).toBe(UNSIGNED);
  });

  test("[X-03] a conversation signature from before a kick creates nothing", async () => {
    const [tom, jerry] = named("tom", "jerry");
    await kick(tom);
    const toms = await loggedIn(tom);
    expect(await create(toms, [tom, jerry], [tom, jerry].toSorted().join(":"), Date.now() - 60_000)).toBe(
      UNSIGNED,
    );
  });

  test("[X-01] with only conversation signatures on, a login needs none", async () => {
    const [tom] = named("tom");
    expect(await login(tom)).toBe("");
  });

  test("[X-01] with conversation signatures off, a start with a wrong one succeeds", async () => {
    await configure({ security: { signConversation: false } });
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    expect(await create(toms, [tom, jerry], "nobody")).toBe("");
  });
});

describe("web pages", () => {
  const allowed = "https://chat.example.com";
  beforeEach(() => configure({ security: { origins: [allowed, "http://example.com:8080"] } }));

  async function connects(headers: Record<string, string>): Promise<string> {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect({ headers });
    device.send({ cmd: "session", op: "open", appId: world.APP_ID, peerId: tom, i: 1 });
    const outcome = await Promise.race([
      device.answer(1).then(({ op }) => OpType[op] ?? ""),
      device.closing().then(({ code, reason }) => `${code} ${reason}`),
    ]);
    device.close();
    return outcome;
  }

  test.each([
    allowed,
    "http://example.com:8080",
    "http://localhost",
    "http://localhost:3000",
    "https://127.0.0.1:8443",
    "http://[::1]:9",
    "capacitor://localhost",
  ])("[C-11] a web page of %s may connect", async (origin) => {
    expect(await connects({ origin })).toBe("opened");
  });

  test.each([
    "http://chat.example.com",
    "https://chat.example.com:8443",
    "https://example.com",
    "https://chat.example.com.evil.example",
    "https://localhost.example.com",
    "https://evil.example/localhost",
    "null",
    "not an origin",
  ])("[C-11] [C-10] a web page of %j is refused with 4110", async (origin) => {
    expect(await connects({ origin })).toBe("4110 INVALID_ORIGIN");
  });

  test("[C-11] a client that is not a web page may connect, and so may any page if none are listed", async () => {
    expect(await connects({})).toBe("opened");
    await configure({ security: { origins: [] } });
    expect(await connects({ origin: "https://anywhere.example" })).toBe("opened");
  });

  test("[wire §2.1] a refused page is answered with its sub-protocol, so that a browser sees the close code", async () => {
    const { response } = await WorkerdDevice.connect({ headers: { origin: "https://evil.example" } });
    expect([response.status, response.headers.get("sec-websocket-protocol")]).toEqual([
      ...[101, "lc.protobuf2.3"],
    ]);
  });
});
