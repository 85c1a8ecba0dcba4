import { describe, expect, test } from "vitest";
import { appKeys, world } from "../support/world.ts";
import { ask } from "./ask.ts";

const query = `appId=${world.APP_ID}&secure=true&_t=1`;

describe("GET /v1/route", () => {
  test("GET /v1/route returns the socket address twice, with a numeric ttl and no query string", async () => {
    const response = await ask(`http://im.example.com/v1/route?${query}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
    const url = "ws://im.example.com/rtm";
    expect(await response.json()).toEqual({
      groupId: "g0",
      groupUrl: url,
      server: url,
      secondary: url,
      ttl: 3600,
    });
  });

  test.each([
    ["http://im.example.com:8787", {}, "ws://im.example.com:8787/rtm"],
    ["https://im.example.com", {}, "wss://im.example.com/rtm"],
    ["http://im.example.com", { "X-Forwarded-Proto": "https" }, "wss://im.example.com/rtm"],
    ["http://im.example.com", { "X-Forwarded-Proto": "https, http" }, "wss://im.example.com/rtm"],
    ["http://10.0.0.1:8787", { Host: "im.example.com" }, "ws://im.example.com/rtm"],
  ])("GET /v1/route at %s with headers %j returns %s", async (origin, headers, url) => {
    const response = await ask(`${origin}/v1/route?${query}`, { headers });
    expect(await response.json()).toMatchObject({ server: url, secondary: url });
  });

  test("GET /v1/route uses the scheme of the request, not `secure`, which SDKs always set", async () => {
    const response = await ask(`https://im.example.com/v1/route?appId=${world.APP_ID}&secure=0`);
    expect(await response.json()).toMatchObject({ server: "wss://im.example.com/rtm" });
  });

  test("GET /v1/route ignores C#'s double slash and Java's installation id", async () => {
    const response = await ask(`http://im.example.com//v1//route?${query}&installationId=${"0".repeat(32)}`);
    expect(response.status).toBe(200);
  });

  test.each(["", "?appId=", "?appId=somebody-else"])(
    "GET /v1/route with %j is answered with 404 in status and body",
    async (search) => {
      const response = await ask(`http://im.example.com/v1/route${search}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ code: 404, error: "No such app." });
    },
  );
});

describe("GET /2/route", () => {
  test("GET /2/route returns hosts without a scheme", async () => {
    const response = await ask(`https://im.example.com/2/route?appId=${world.APP_ID}`);
    const host = "im.example.com";
    expect(await response.json()).toEqual({
      rtm_router_server: host,
      push_server: host,
      api_server: host,
      engine_server: host,
      stats_server: host,
      ttl: 3600,
    });
  });

  test("GET /2/route answers for one app", async () => {
    expect((await ask("https://im.example.com/2/route?appId=other")).status).toBe(404);
  });
});

test("GET /1.1/date answers the server's time as storage SDKs read it", async () => {
  const before = Date.now();
  const response = await ask("http://im.example.com/1.1/date", { headers: appKeys });
  const date = await response.json<{ __type: string; iso: string }>();
  expect(date).toEqual({ __type: "Date", iso: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) });
  expect(Date.parse(date.iso)).toBeGreaterThanOrEqual(before - 1_000);
});
