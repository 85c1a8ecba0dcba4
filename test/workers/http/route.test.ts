import { describe, expect, test } from "vitest";
import { world } from "../support/world.ts";
import { ask } from "./ask.ts";

const query = `appId=${world.APP_ID}&secure=true&_t=1`;

describe("GET /v1/route", () => {
  test("names the socket twice, with a numeric ttl and no query string", async () => {
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
  ])("answers %s with headers %j by %s", async (origin, headers, url) => {
    const response = await ask(`${origin}/v1/route?${query}`, { headers });
    expect(await response.json()).toMatchObject({ server: url, secondary: url });
  });

  test("the scheme the client came by decides, not `secure`, which SDKs always set", async () => {
    const response = await ask(`https://im.example.com/v1/route?appId=${world.APP_ID}&secure=0`);
    expect(await response.json()).toMatchObject({ server: "wss://im.example.com/rtm" });
  });

  test("C#'s double slash and Java's installation id change nothing", async () => {
    const response = await ask(`http://im.example.com//v1//route?${query}&installationId=${"0".repeat(32)}`);
    expect(response.status).toBe(200);
  });

  test.each(["", "?appId=", "?appId=somebody-else"])(
    "answers %j with 404 in status and body",
    async (search) => {
      const response = await ask(`http://im.example.com/v1/route${search}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ code: 404, error: "No such app." });
    },
  );
});

describe("GET /2/route", () => {
  test("names hosts without a scheme", async () => {
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

  test("knows one app", async () => {
    expect((await ask("https://im.example.com/2/route?appId=other")).status).toBe(404);
  });
});
