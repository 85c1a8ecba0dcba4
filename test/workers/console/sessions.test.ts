import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { appKeys, configure, masterKeys, openWorld, world } from "../support/world.ts";
import { askConsole, byConsole, cookieIn, ORIGIN, signedIn, signInWith } from "./console.ts";

/* Signing in to the console, and what the cookie is good for (G-01). */

beforeAll(() => openWorld());
beforeEach(() => configure({ console: { enabled: true } }));
afterEach(() => vi.useRealTimers());

const settings = (headers: Record<string, string>, more: object = {}) =>
  askConsole("/admin/settings", { headers, ...more });

const MINUTE = 60_000; // ms

/** Time passes for the whole runtime. */
function wait(ms: number): void {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
}

describe("[G-01] signing in", () => {
  test("[G-01] the cookie of a session over https is secure, for this host alone, and out of reach of scripts", async () => {
    const response = await signInWith(world.MASTER_KEY);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ name: "Tom", app_id: world.APP_ID });
    const [cookie = ""] = response.headers.getSetCookie();
    const [value, ...attributes] = cookie.split("; ");
    expect(value).toMatch(/^__Host-parley-console=[\w.-]+$/);
    expect(attributes.toSorted()).toEqual([
      "HttpOnly",
      "Max-Age=3600",
      "Path=/",
      "SameSite=Strict",
      "Secure",
    ]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("[G-01] the cookie of a session over http has the same bounds, except those of TLS", async () => {
    const [cookie = ""] = (
      await signInWith(world.MASTER_KEY, { at: "http://127.0.0.1:8787" })
    ).headers.getSetCookie();
    expect(cookie).toMatch(/^parley-console-8787=/);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).not.toMatch(/Secure/);
  });

  test("[G-01] the console tells who is signed in, until they sign out", async () => {
    const cookie = await signedIn();
    const asked = await askConsole("/console/session", { headers: { ...byConsole, cookie } });
    expect(await asked.json()).toMatchObject({ name: "Tom", app_id: world.APP_ID, single_machine: false });
    const out = await askConsole("/console/session", { method: "DELETE", headers: { ...byConsole, cookie } });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-parley-console=;.*Max-Age=0/);
    expect((await askConsole("/console/session", { headers: byConsole })).status).toBe(401);
  });

  test.each([
    ["the app key", () => world.APP_KEY],
    ["nothing", () => ""],
    ["the master key and a space", () => `${world.MASTER_KEY} x`],
    ["the master key as headers have it", () => `${world.MASTER_KEY},master`],
  ])("[G-01] nobody signs in with %s", async (_, key) => {
    const response = await signInWith(key());
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("[G-01] an address that tries keys has to wait, with the right key too, and others do not", async () => {
    const from = (address: string, key: string) =>
      signInWith(key, { headers: { "cf-connecting-ip": address } });
    const statuses: number[] = [];
    for (let tries = 0; tries < 12; tries++) statuses.push((await from("203.0.113.7", `x${tries}`)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    const right = await from("203.0.113.7", world.MASTER_KEY);
    expect([right.status, right.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await from("203.0.113.8", world.MASTER_KEY)).status).toBe(200);
    wait(61_000);
    expect((await from("203.0.113.7", world.MASTER_KEY)).status).toBe(200);
  });

  test("[G-01] a name with control characters, without end, or of another entry of the audit log is refused", async () => {
    for (const name of ["To\nm", "\u202emoT", "x".repeat(65), "API", " api ", "console"]) {
      const body = JSON.stringify({ master_key: world.MASTER_KEY, name });
      const response = await askConsole("/console/session", { method: "POST", headers: byConsole, body });
      expect(response.status).toBe(400);
    }
  });
});

describe("[G-01] what the cookie is good for", () => {
  test("[G-01] the cookies of two servers at one host do not replace each other", async () => {
    const at = ["http://127.0.0.1:8787", "http://127.0.0.1:8788", "http://127.0.0.1", "http://[::1]:8787"];
    const cookies = await Promise.all(at.map((each) => signedIn({ at: each })));
    const names = cookies.map((cookie) => cookie.split("=")[0]);
    expect(names).toEqual([
      "parley-console-8787",
      "parley-console-8788",
      "parley-console",
      "parley-console-8787",
    ]);
    const cookie = cookies.slice(0, 3).join("; ");
    for (const each of at.slice(0, 3))
      expect((await settings({ ...byConsole, cookie }, { at: each })).status).toBe(200);
  });

  test("[G-01] the console's requests have the rights of the master key", async () => {
    const cookie = await signedIn();
    expect((await settings({ ...byConsole, cookie })).status).toBe(200);
    const same = { origin: ORIGIN, "sec-fetch-site": "same-origin" };
    expect((await settings({ ...byConsole, ...same, cookie })).status).toBe(200);
  });

  test.each<[string, Record<string, string>]>([
    ["no header of the console", { "x-parley-console": "" }],
    ["another value of the header", { "x-parley-console": "true" }],
    ["a page of another origin", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
    ["a page of a subdomain", { origin: "https://a.im.example.com" }],
    ["a page at another port", { origin: "https://im.example.com:8443" }],
    ["a page of the same site", { "sec-fetch-site": "same-site" }],
    ["a page of another site", { "sec-fetch-site": "cross-site" }],
    ["a link", { "sec-fetch-site": "none" }],
    ["a page of another site that says it is this one", { origin: ORIGIN, "sec-fetch-site": "cross-site" }],
  ])("[G-01] the cookie counts for nothing with %s", async (_, headers) => {
    const cookie = await signedIn();
    expect((await settings({ ...byConsole, cookie, ...headers })).status).toBe(401);
    const body = JSON.stringify({ limits: { members: 7 } });
    const changed = await settings({ ...byConsole, cookie, ...headers }, { method: "PATCH", body });
    expect(changed.status).toBe(401);
  });

  test("[G-01] an origin that may use the master key may not use the cookie", async () => {
    await configure({ security: { origins: ["https://tools.example.com"] } });
    const headers = { ...byConsole, cookie: await signedIn(), origin: "https://tools.example.com" };
    expect((await settings(headers)).status).toBe(401);
    await configure({ security: { origins: null } });
  });

  test("[G-01] a page of another origin is not told that it may send the console's header", async () => {
    for (const path of ["/admin/settings", "/console/session"]) {
      const asked = await askConsole(path, {
        method: "OPTIONS",
        headers: {
          origin: "https://evil.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "x-parley-console",
        },
      });
      expect(asked.headers.get("access-control-allow-headers") ?? "").not.toMatch(/console/i);
      expect(asked.headers.get("access-control-allow-credentials")).toBeNull();
    }
  });

  test("[G-01] a form of another origin neither signs in nor changes anything", async () => {
    const cookie = await signedIn();
    const headers = { cookie, origin: "https://evil.example", "content-type": "text/plain" };
    const body = JSON.stringify({ master_key: world.MASTER_KEY });
    const posted = await askConsole("/console/session", { method: "POST", headers, body });
    expect([posted.status, posted.headers.getSetCookie()]).toEqual([403, []]);
    const banned = await askConsole("/admin/bans", {
      method: "POST",
      headers,
      body: JSON.stringify({ client_ids: ["Jerry"] }),
    });
    expect(banned.status).toBe(401);
  });

  test("[G-01] an SDK in a page of the same host keeps the rights of its key, whoever is signed in", async () => {
    const cookie = await signedIn();
    const push = (headers: Record<string, string>) =>
      askConsole("/1.1/scheduledPushMessages", { headers: { cookie, origin: ORIGIN, ...headers } });
    expect((await push({})).status).toBe(401);
    expect((await push(appKeys)).status).toBe(401);
    expect((await push({ ...appKeys, ...byConsole })).status).toBe(401);
    expect((await push(byConsole)).status).toBe(200);
  });

  test("[G-01] wrong keys beside the cookie are not corrected by it", async () => {
    const cookie = await signedIn();
    const wrong = { ...masterKeys, "x-lc-key": "wrong,master" };
    expect((await settings({ ...byConsole, cookie, ...wrong })).status).toBe(401);
    expect((await settings({ ...byConsole, cookie: `${cookie}x`, ...masterKeys })).status).toBe(200);
  });

  test("[G-01] the cookie of http does not count over https, nor the other way round", async () => {
    const plain = await signedIn({ at: "http://im.example.com" });
    const secure = await signedIn();
    expect((await settings({ ...byConsole, cookie: plain })).status).toBe(401);
    expect((await settings({ ...byConsole, cookie: secure }, { at: "http://im.example.com" })).status).toBe(
      401,
    );
    expect((await settings({ ...byConsole, cookie: plain }, { at: "http://im.example.com" })).status).toBe(
      200,
    );
  });
});

describe("[G-01] the end of a session", () => {
  test("[G-01] a session that is not used ends after an hour", async () => {
    const cookie = await signedIn();
    wait(59 * MINUTE);
    expect((await settings({ ...byConsole, cookie })).status).toBe(200);
    wait(2 * MINUTE);
    expect((await settings({ ...byConsole, cookie })).status).toBe(401);
  });

  test("[G-01] a session that is used gets more time, twelve hours at most", async () => {
    let cookie = await signedIn();
    expect((await settings({ ...byConsole, cookie })).headers.getSetCookie()).toEqual([]);
    let minutes = 0;
    for (;;) {
      wait(30 * MINUTE);
      const response = await settings({ ...byConsole, cookie });
      if (response.status === 401) break;
      minutes += 30;
      cookie = cookieIn(response) || cookie;
    }
    expect(minutes).toBe(12 * 60 - 30);
  });

  test("[G-01] another master key ends every session", async () => {
    const cookie = await signedIn();
    const env = { MASTER_KEY: "another master key" };
    expect((await settings({ ...byConsole, cookie }, { env })).status).toBe(401);
  });

  test("[G-01] any change of console.signOutBefore ends every session, and later ones begin", async () => {
    const before = await signedIn();
    await configure({ console: { signOutBefore: "2020-01-01T00:00:00.000Z" } });
    expect((await settings({ ...byConsole, cookie: before })).status).toBe(401);
    const after = await signedIn();
    expect((await settings({ ...byConsole, cookie: after })).status).toBe(200);
    await configure({ console: { signOutBefore: new Date(Date.now() + MINUTE).toISOString() } });
    const early = await signInWith(world.MASTER_KEY, { headers: { "cf-connecting-ip": "203.0.113.9" } });
    expect([early.status, early.headers.getSetCookie()]).toEqual([403, []]);
    expect(await early.text()).toContain("console.signOutBefore");
    await configure({ console: { signOutBefore: null } });
  });

  test("[G-01] where the console is switched off, a session is worth nothing", async () => {
    const cookie = await signedIn();
    await configure({ console: { enabled: false } });
    expect((await settings({ ...byConsole, cookie })).status).toBe(401);
    expect((await signInWith(world.MASTER_KEY)).status).toBe(404);
  });

  test("[G-01] a token that somebody else signed, or for something else, is refused", async () => {
    const cookie = await signedIn();
    const [name = "", token = ""] = cookie.split("=");
    const [head = "", body = "", signature = ""] = token.split(".");
    const none = btoa('{"alg":"none"}').replace(/=+$/, "");
    for (const forged of [
      `${head}.${body}.`,
      `${none}.${body}.`,
      `${head}.${body}x.${signature}`,
      "x",
      "a.b.c",
    ]) {
      expect((await settings({ ...byConsole, cookie: `${name}=${forged}` })).status).toBe(401);
    }
  });
});
