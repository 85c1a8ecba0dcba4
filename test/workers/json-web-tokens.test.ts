import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { named } from "../support/chat.ts";
import { kick, login, loginSigned, SECURITY_OFF, type Session } from "./support/logins.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

const FAILED = "4102 SIGNATURE_FAILED";

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ security: SECURITY_OFF });
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
