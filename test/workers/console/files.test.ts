import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TRIAL } from "../../../src/demo-mode.ts";
import { configure, masterKeys, openWorld } from "../support/world.ts";
import { askConsole, byConsole, signedIn, signInWith } from "./console.ts";

/* Who is served which file of the console (G-01). */

beforeAll(() => openWorld());
beforeEach(() => configure({ console: { enabled: true } }));

const PAGES = [
  "/console",
  "/console/",
  "/console/conversations/abc",
  "/console/users/tom.cat",
  "/console/index.html",
];
const ASSET = "/console/assets/main-CD34.js";

/** Headers that other servers answer in other ways. */
const HEADERS: Record<string, string>[] = [
  {},
  { range: "bytes=0-3" },
  { "if-none-match": '"cheese"' },
  { "if-none-match": "*" },
];

/** Other spellings of paths below /console. */
const SPELLINGS = [
  "//console/assets/main-CD34.js",
  "/console//assets/main-CD34.js",
  "/console%2fassets%2fmain-CD34.js",
  "/console/assets%2Fmain-CD34.js",
  "/console/assets/%6dain-CD34.js",
  "/%63onsole/assets/main-CD34.js",
  "/console/./assets/main-CD34.js",
  "/console/%2e/assets/main-CD34.js",
  "/x/../console/assets/main-CD34.js",
  "/x/%2e%2e/console/assets/main-CD34.js",
  "/console/sign-in/..%2fassets/main-CD34.js",
  "/console/sign-in/%2e%2e/assets/main-CD34.js",
  "/console/sign-in/..%5cassets/main-CD34.js",
  "/console/assets/main-CD34.js/",
  "/console/assets/main-CD34.js?x=/console/sign-in/x.js",
  "/console/assets/main-CD34.js%00",
  "/CONSOLE/assets/main-CD34.js",
  "/console;/assets/main-CD34.js",
  "/console/;/assets/main-CD34.js",
  "/console/assets/main-CD34%2ejs",
];

describe("[G-01] without a session", () => {
  test.each(PAGES)("[G-01] %s is the page to sign in", async (path) => {
    const response = await askConsole(path);
    expect([response.status, await response.text()]).toEqual([401, "the page to sign in"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("[G-01] the files of the page to sign in are served, and no others", async () => {
    expect(await (await askConsole("/console/sign-in/sign-in-AB12.js")).text()).toBe("signIn()");
    expect((await askConsole("/console/sign-in/another.js")).status).toBe(404);
    expect((await askConsole(ASSET)).status).toBe(401);
    expect((await askConsole("/console/assets/unknown.js")).status).toBe(401);
  });

  test.each(SPELLINGS)("[G-01] %s leads to no file of the console", async (path) => {
    for (const method of ["GET", "HEAD"]) {
      for (const headers of HEADERS) {
        const response = await askConsole(path, { method, headers });
        expect([path, [401, 404].includes(response.status)]).toEqual([path, true]);
        expect(await response.text()).not.toContain("main()");
      }
    }
  });

  test("[G-01] what a request says beside its path changes nothing", async () => {
    for (const headers of HEADERS) {
      expect((await askConsole(ASSET, { headers })).status).toBe(401);
    }
    expect((await askConsole(ASSET, { method: "HEAD" })).status).toBe(401);
    for (const headers of [byConsole, masterKeys, { ...masterKeys, ...byConsole }]) {
      expect((await askConsole(ASSET, { headers })).status).toBe(401);
      expect((await askConsole("/console", { headers })).status).toBe(401);
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const response = await askConsole(ASSET, { method });
      expect([method, response.status]).toEqual([method, 404]);
    }
  });
});

describe("[G-01] with a session", () => {
  test.each(PAGES)("[G-01] %s is the console", async (path) => {
    const response = await askConsole(path, { headers: { cookie: await signedIn() } });
    expect([response.status, await response.text()]).toEqual([200, "the console"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("[G-01] its files are for one browser, which keeps them for good", async () => {
    const cookie = await signedIn();
    const response = await askConsole(ASSET, { headers: { cookie } });
    expect(await response.text()).toBe("main()");
    expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
    const tag = response.headers.get("etag") ?? "";
    const again = await askConsole(ASSET, { headers: { cookie, "if-none-match": tag } });
    expect(again.status).toBe(304);
    const head = await askConsole(ASSET, { method: "HEAD", headers: { cookie } });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await askConsole("/console/assets/unknown.js", { headers: { cookie } })).status).toBe(404);
  });

  test("[G-01] nothing of the console comes from elsewhere, is inline, or is shown in a frame", async () => {
    const cookie = await signedIn();
    const signInFile = "/console/sign-in/sign-in-AB12.js";
    for (const [path, headers] of [
      ["/console", { cookie }],
      ["/console", {}],
      [ASSET, { cookie }],
      [signInFile, {}],
    ] as const) {
      const response = await askConsole(path, { headers });
      const policy = response.headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("[G-01] a socket with the cookie is one like any other", async () => {
    const headers = { cookie: await signedIn(), upgrade: "websocket", ...byConsole };
    const response = await askConsole("/console/assets/main-CD34.js", { headers });
    expect(await response.text()).toBe("a socket");
  });
});

describe("[G-01] where the console is off", () => {
  beforeEach(() => configure({ console: { enabled: false } }));

  test.each([...PAGES, ASSET, "/console/sign-in/sign-in-AB12.js", "/console/session"])(
    "[G-01] %s is not there",
    async (path) => {
      expect((await askConsole(path, { headers: byConsole })).status).toBe(404);
    },
  );

  test("[G-01] people at the machine have it all the same where it was started for them", async () => {
    const env = { CONSOLE: "1" };
    const status = async (at: string, headers: Record<string, string> = {}) =>
      (await askConsole("/console", { at, env, headers })).status;
    expect(await status("http://127.0.0.1:8787")).toBe(401);
    expect(await status("http://localhost:8787")).toBe(401);
    expect(await status("https://im.example.com")).toBe(404);
    expect(await status("http://127.0.0.1:8787", { "x-forwarded-for": "203.0.113.7" })).toBe(404);
  });

  test("[G-01] [I12] a trial with known keys is not reached by a name that somebody points at it", async () => {
    const env = { ...TRIAL, CONSOLE: "1" };
    for (const enabled of [false, true]) {
      await configure({ console: { enabled } });
      const response = await signInWith(TRIAL.MASTER_KEY, { at: "http://rebound.example:8787", env });
      expect(response.status).toBe(403);
      const file = await askConsole("/console", { at: "http://rebound.example:8787", env });
      expect(file.status).toBe(403);
    }
    expect((await signInWith(TRIAL.MASTER_KEY, { at: "http://127.0.0.1:8787", env })).status).toBe(200);
  });

  test("the demo page and its files are for everybody", async () => {
    expect(await (await askConsole("/")).text()).toBe("the demo page");
    expect(await (await askConsole("/page.js")).text()).toBe("demo()");
    expect((await askConsole("/unknown.js")).status).toBe(404);
  });
});
