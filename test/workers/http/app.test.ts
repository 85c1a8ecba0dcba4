import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { masterKeys, openWorld, world } from "../support/world.ts";
import { ask } from "./ask.ts";

const ORIGIN = "http://im.example.com";

beforeAll(() => openWorld());
afterEach(() => {
  vi.restoreAllMocks();
});

describe("cross-origin calls", () => {
  test.each([
    [`/v1/route?appId=${world.APP_ID}`, 200],
    ["/v1/route", 404],
    ["/nowhere", 404],
    ["/admin/settings", 401],
  ])("a cross-origin call of %s answers every origin with %i", async (path, status) => {
    const response = await ask(ORIGIN + path, { headers: { Origin: "https://app.example.com" } });
    expect(response.status).toBe(status);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  });

  test.each(["/1.1/rtm/sign", "/admin/settings", "/nowhere"])("a preflight of %s passes", async (path) => {
    const response = await ask(ORIGIN + path, {
      method: "OPTIONS",
      headers: { Origin: "https://app.example.com", "Access-Control-Request-Method": "PUT" },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    const methods = response.headers.get("Access-Control-Allow-Methods")?.split(",");
    expect(methods).toEqual(expect.arrayContaining(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]));
    const headers = response.headers.get("Access-Control-Allow-Headers")?.split(",");
    expect(headers).toEqual(
      expect.arrayContaining([
        "Content-Type",
        "X-LC-Id",
        "X-LC-Key",
        "X-LC-Sign",
        "X-LC-IM-Session-Token",
        "X-LC-Session",
        "X-LC-Prod",
        "X-LC-UA",
        "X-AVOSCloud-Application-Id",
        "X-AVOSCloud-Application-Key",
        "X-AVOSCloud-Master-Key",
        "X-AVOSCloud-Request-Sign",
        "X-Uluru-Application-Id",
        "Idempotency-Key",
      ]),
    );
  });
});

describe("a request that cannot be served", () => {
  test("a request for an unknown path is answered with 404 in JSON", async () => {
    const response = await ask(`${ORIGIN}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ code: 404, error: "Not found." });
  });

  test("an exception is answered with 500 in JSON and logged once, without details for the caller", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const getByName = () => {
      throw new Error("secret of the object");
    };
    const response = await ask(`${ORIGIN}/1.2/rtm/clients/Tom/kick`, {
      method: "POST",
      headers: masterKeys,
      body: "{}",
      env: { CLIENTS: { getByName } },
    });
    expect(response.status).toBe(500);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(await response.json()).toEqual({ code: 500, error: "Internal error." });
    expect(log).toHaveBeenCalledTimes(1);
  });

  test("[I11] a request that needs D1 is answered with 503 in JSON when D1 is down", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const prepare = () => {
      throw new Error("secret of the database");
    };
    const response = await ask(`${ORIGIN}/admin/settings`, {
      headers: masterKeys,
      env: { DB: Object.assign(Object.create(world.DB), { prepare }) },
    });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ code: 503, error: expect.not.stringContaining("secret") });
  });

  test("an error answer forbids caching, sniffing and framing", async () => {
    const { headers } = await ask(`${ORIGIN}/nowhere`);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
  });
});

describe("a WebSocket upgrade", () => {
  test.each(["/", "/rtm", "/im/any/path", "/v1/route", "//rtm"])(
    "a WebSocket upgrade of %s reaches the gateway",
    async (path) => {
      const connect = vi.fn(() => new Response("a socket"));
      const response = await ask(ORIGIN + path, { headers: { Upgrade: "WebSocket" }, connect });
      expect(await response.text()).toBe("a socket");
      expect(connect).toHaveBeenCalledTimes(1);
    },
  );

  test("the answer to a WebSocket upgrade has the socket", async () => {
    const connect = () => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] });
    const response = await ask(`${ORIGIN}/rtm`, { headers: { Upgrade: "websocket" }, connect });
    expect(response.status).toBe(101);
    expect(response.webSocket).not.toBeNull();
  });

  test("a WebSocket upgrade that fails is answered with 500 and logged once", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const connect = () => Promise.reject(new Error("no"));
    const response = await ask(`${ORIGIN}/rtm`, { headers: { Upgrade: "websocket" }, connect });
    expect(response.status).toBe(500);
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe("GET /demo/config", () => {
  test("GET /demo/config returns the app id and key of a demo, never the master key", async () => {
    const env = { APP_ID: "parley-dev", APP_KEY: "the-key", MASTER_KEY: "the-master" };
    const response = await ask(`${ORIGIN}/demo/config`, { env });
    expect(await response.json()).toEqual({ appId: "parley-dev", appKey: "the-key", console: false });
  });

  test("GET /demo/config tells the page whether there is a console to link to", async () => {
    const env = { DEMO: "1", CONSOLE: "1" };
    const config = await ask("http://localhost/demo/config", { env });
    expect(await config.json()).toMatchObject({ console: true });
  });

  test("GET /demo/config answers if the owner enabled the demo", async () => {
    const response = await ask(`${ORIGIN}/demo/config`, { env: { DEMO: "1" } });
    expect(await response.json()).toMatchObject({ appId: world.APP_ID, appKey: world.APP_KEY });
  });

  test("GET /demo/config is answered with 404 without a demo", async () => {
    expect((await ask(`${ORIGIN}/demo/config`)).status).toBe(404);
  });
});
