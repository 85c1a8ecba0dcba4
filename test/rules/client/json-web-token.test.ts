import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import {
  checkJsonWebToken,
  looksLikeJsonWebToken,
  type TokenRules,
} from "../../../src/client/json-web-token.ts";
import { type FetchKeys, KeySets } from "../../../src/client/key-sets.ts";

const NOW = 1_700_000_000_000;
const SECRET = "a secret between the app's server and Parley";
const JWKS_URL = "https://id.example.com/keys";

const seconds = Math.floor(NOW / 1000);
const toms: JWTPayload = { sub: "Tom", iat: seconds, exp: seconds + 3_600 };
const rules: TokenRules = { secret: SECRET, jwksUrl: null, issuer: null, audience: null };
const published: TokenRules = { ...rules, secret: null, jwksUrl: JWKS_URL };

function signed(payload: JWTPayload, secret = SECRET, alg = "HS256"): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

const noKeys: FetchKeys = () => Promise.reject(new Error("no keys are to be read"));

function check(token: string, more: { rules?: TokenRules; now?: number; clientId?: string } = {}) {
  const context = { keySets: new KeySets(), fetch: noKeys, now: more.now ?? NOW };
  return checkJsonWebToken(token, more.clientId ?? "Tom", more.rules ?? rules, context);
}

/** A token says in seconds when it was issued: up to the last moment of that second. */
const good = { issuedAt: seconds * 1000 + 999 };
const problem = { problem: expect.any(String) };

describe("[X-01] a token by a secret", () => {
  test("[X-01] a token by a secret is valid for the client that it names", async () => {
    const token = await signed(toms);
    expect(looksLikeJsonWebToken(token)).toBe(true);
    expect(await check(token)).toEqual(good);
    expect(await check(token, { clientId: "Jerry" })).toEqual(problem);
  });

  test.each<[string, JWTPayload]>([
    ["nobody", { ...toms, sub: undefined }],
    ["another", { ...toms, sub: "Tom " }],
    ["no end", { ...toms, exp: undefined }],
    ["an end in the past", { ...toms, exp: seconds - 61 }],
    ["a beginning in the future", { ...toms, nbf: seconds + 61 }],
  ])("[X-01] a token by a secret is invalid if it names %s", async (_, payload) => {
    expect(await check(await signed(payload))).toEqual(problem);
  });

  test("[X-01] a token by a secret is valid for a minute more, for clocks that differ", async () => {
    expect(await check(await signed({ ...toms, exp: seconds - 59 }))).toEqual(good);
    expect(await check(await signed({ ...toms, nbf: seconds + 59 }))).toEqual(good);
  });

  test("[X-01] a token by a secret without a time counts as the oldest possible", async () => {
    expect(await check(await signed({ ...toms, iat: undefined }))).toEqual({ issuedAt: 0 });
  });

  test("[X-01] a token by a secret is invalid by another secret or algorithm, if changed, or without a signature", async () => {
    expect(await check(await signed(toms, "another"))).toEqual(problem);
    expect(await check(await signed(toms, SECRET, "HS512"))).toEqual(problem);
    expect(await check(await signed(toms, SECRET, "HS384"))).toEqual(problem);
    const [header = "", , signature = ""] = (await signed({ ...toms, sub: "Jerry" })).split(".");
    const [, payload = ""] = (await signed(toms)).split(".");
    expect(await check(`${header}.${payload}.${signature}`)).toEqual(problem);
    const none = new UnsecuredJWT(toms).encode();
    expect([await check(none), await check(`${none}AAAA`)]).toEqual([problem, problem]);
    expect(looksLikeJsonWebToken(none)).toBe(false);
  });

  test.each(["a.b.c", "..", "e30.e30.e30", `${btoa('{"alg":"HS256"}')}.e30.AAAA`, `${btoa("[]")}.e30.AAAA`])(
    "[X-01] %j is no token",
    async (token) => {
      expect(await check(token)).toEqual(problem);
    },
  );

  test("[X-01] a token by a secret needs the issuer and the audience of the settings", async () => {
    const named = { ...rules, issuer: "https://id.example.com", audience: "parley" };
    const claims = { ...toms, iss: "https://id.example.com", aud: ["parley", "shop"] };
    expect(await check(await signed(claims), { rules: named })).toEqual(good);
    expect(await check(await signed({ ...claims, iss: "https://example.com" }), { rules: named })).toEqual(
      problem,
    );
    expect(await check(await signed({ ...claims, aud: "shop" }), { rules: named })).toEqual(problem);
    expect(await check(await signed(toms), { rules: named })).toEqual(problem);
  });
});

describe("[X-01] a token by published keys", () => {
  interface Issuer {
    kid: string;
    alg: string;
    sign(payload: JWTPayload): Promise<string>;
    published: JWK;
  }

  async function issuer(kid: string, alg: string): Promise<Issuer> {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    return {
      kid,
      alg,
      sign: (payload) => new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey),
      published: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    };
  }

  let issuers: Issuer[];
  beforeAll(async () => {
    issuers = await Promise.all(["RS256", "ES256", "EdDSA"].map((alg) => issuer(`key ${alg}`, alg)));
  });

  /** A server that publishes keys, which a test can change; it counts the requests. */
  class Place {
    keys: JWK[] | "down" | "silent";
    asked = 0;
    now = NOW;
    readonly keySets = new KeySets();

    constructor(keys: JWK[]) {
      this.keys = keys;
    }

    readonly fetch: FetchKeys = async (url, { signal }) => {
      this.asked += 1;
      expect(url).toBe(JWKS_URL);
      if (this.keys === "down") return new Response("sorry", { status: 503 });
      if (this.keys !== "silent") return Response.json({ keys: this.keys });
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };

    check(token: string, clientId = "Tom") {
      const { keySets, fetch, now } = this;
      return checkJsonWebToken(token, clientId, published, { keySets, fetch, now });
    }
  }

  const place = (...from: Issuer[]) => new Place(from.map(({ published: key }) => key));

  test("[X-01] a token by published keys is valid by RSA, elliptic curves and Edwards curves, and the keys are read once", async () => {
    const keys = place(...issuers);
    for (const { sign } of issuers) {
      expect(await keys.check(await sign(toms))).toEqual(good);
      expect(await keys.check(await sign(toms), "Jerry")).toEqual(problem);
      expect(await keys.check(await sign({ ...toms, exp: seconds - 61 }))).toEqual(problem);
    }
    expect(keys.asked).toBe(1);
  });

  test("[X-01] [I12] a token is never valid by a secret where keys are published, not even by the key's text, nor without a signature", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    const shared = { kty: "oct", k: btoa(SECRET).replaceAll("=", ""), kid: "shared" };
    const keys = new Place([rsa.published, shared]);
    const header = { alg: "HS256", kid: rsa.kid };
    for (const secret of [JSON.stringify(rsa.published), rsa.published.n ?? "", SECRET]) {
      for (const kid of [rsa.kid, "shared"]) {
        const token = new SignJWT(toms).setProtectedHeader({ ...header, kid });
        expect(await keys.check(await token.sign(new TextEncoder().encode(secret)))).toEqual(problem);
      }
    }
    expect(await keys.check(`${new UnsecuredJWT(toms).encode()}AAAA`)).toEqual(problem);
  });

  test("[X-01] a token by a key that is not published is invalid, also under a known id", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    const stranger = await issuer(rsa.kid, "RS256");
    expect(await place(rsa).check(await stranger.sign(toms))).toEqual(problem);
  });

  test("[X-01] a token by a new key is valid once it is published, and unknown keys cause no repeated reads", async () => {
    const [old, next] = issuers;
    if (old === undefined || next === undefined) throw new Error("no issuers");
    const keys = place(old);
    expect(await keys.check(await next.sign(toms))).toEqual(problem);
    keys.keys = [old.published, next.published];
    for (let at = 0; at < 3; at++) expect(await keys.check(await next.sign(toms))).toEqual(problem);
    expect(keys.asked).toBe(1);
    keys.now += 30_000;
    expect(await keys.check(await next.sign(toms))).toEqual(good);
    expect(keys.asked).toBe(2);
  });

  test("[X-01] [I11] a token by published keys stays valid while the keys cannot be read again", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    const keys = place(rsa);
    const token = await rsa.sign({ ...toms, exp: seconds + 36_000 });
    expect(await keys.check(token)).toEqual(good);
    keys.keys = "down";
    keys.now += 10 * 60_000 - 1;
    expect([await keys.check(token), keys.asked]).toEqual([good, 1]);
    keys.now += 1;
    expect([await keys.check(token), keys.asked]).toEqual([good, 2]);
    expect([await keys.check(token), keys.asked]).toEqual([good, 2]);
    keys.now += 30_000;
    keys.keys = [];
    expect([await keys.check(token), keys.asked]).toEqual([problem, 3]);
  });

  test("[X-01] [I11] a token cannot be checked for 1 s if no keys are known and none can be read", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    const keys = place(rsa);
    keys.keys = "down";
    const token = await rsa.sign(toms);
    await expect(keys.check(token)).rejects.toThrow();
    keys.keys = [rsa.published];
    await expect(keys.check(token)).rejects.toThrow();
    expect(keys.asked).toBe(1);
    keys.now += 1_000;
    expect(await keys.check(token)).toEqual(good);
  });

  test("[X-01] [I10] a token cannot be checked if the keys are more than 1 MB", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    let pieces = 0;
    const endless = new ReadableStream({
      pull: (out) => {
        pieces += 1;
        out.enqueue(new Uint8Array(100_000).fill(32));
      },
    });
    const context = { keySets: new KeySets(), fetch: async () => new Response(endless), now: NOW };
    const judged = checkJsonWebToken(await rsa.sign(toms), "Tom", published, context);
    await expect(judged).rejects.toThrow("an answer of more than 1000000 bytes");
    expect(pieces).toBeLessThan(20);
  });

  test("[X-01] [I11] a token waits at most 3 s for keys from a server that does not answer", async () => {
    const [rsa] = issuers;
    if (rsa === undefined) throw new Error("no issuer");
    const keys = place(rsa);
    keys.keys = "silent";
    await expect(keys.check(await rsa.sign(toms))).rejects.toThrow("no answer in 3000 ms");
  });
});
