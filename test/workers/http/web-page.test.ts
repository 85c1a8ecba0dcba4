import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { appKeys, configure, masterKeys, openWorld, world } from "../support/world.ts";
import { ask } from "./ask.ts";

beforeAll(() => openWorld());
beforeEach(() => configure({ security: { origins: null } }));

const trial = { APP_ID: "parley-dev", APP_KEY: "parley-dev-key", MASTER_KEY: "parley-dev-master" };

async function settingsFor(origin: string | undefined, host = "im.example.com", headers = masterKeys) {
  const sent: Record<string, string> = { ...headers, ...(origin === undefined ? {} : { Origin: origin }) };
  return (await ask(`https://${host}/admin/settings`, { headers: sent })).status;
}

describe("[I12] the master key", () => {
  test.each([
    ["https://evil.example", "im.example.com", 401],
    ["https://im.example.com.evil.example", "im.example.com", 401],
    ["https://im.example.com:8443", "im.example.com", 401],
    ["http://localhost:3000", "127.0.0.1:8787", 401],
    ["null", "im.example.com", 401],
    ["file://", "im.example.com", 401],
    ["", "im.example.com", 401],
    ["https://im.example.com", "im.example.com", 200],
    ["https://im.example.com", "im.example.com:443", 200],
    ["http://127.0.0.1:8787", "127.0.0.1:8787", 200],
    [undefined, "im.example.com", 200],
  ])(
    "[I12] the master key from a page of %j is answered by %s with status %i",
    async (origin, host, status) => {
      expect(await settingsFor(origin, host)).toBe(status);
    },
  );

  test("[I12] the master key in the body of a page without headers of its own is refused", async () => {
    const body = JSON.stringify({ _ApplicationId: world.APP_ID, _MasterKey: world.MASTER_KEY, data: {} });
    const response = await ask("https://im.example.com/1.1/push", {
      method: "POST",
      headers: { "Content-Type": "text/plain", Origin: "https://evil.example" },
      body,
    });
    expect(response.status).toBe(401);
  });

  test("[I12] the master key from a page of a listed origin is accepted", async () => {
    await configure({ security: { origins: ["https://console.example.com"] } });
    expect(await settingsFor("https://console.example.com")).toBe(200);
    expect(await settingsFor("https://console.example.com:444")).toBe(401);
  });

  test("[I12] a page whose master key is refused may use the app key", async () => {
    const asked = (headers: Record<string, string>) =>
      ask("https://im.example.com/1.2/rtm/clients/check-online", {
        method: "POST",
        headers: { ...headers, Origin: "https://app.example.com" },
        body: '{"client_ids":["Tom"]}',
      });
    expect((await asked(masterKeys)).status).toBe(401);
    expect((await asked(appKeys)).status).not.toBe(403);
  });
});

describe("[I12] a server with the default keys", () => {
  const answerAt = (host: string, env: object = trial, upgrade?: string) =>
    ask(`http://${host}/v1/route?appId=parley-dev`, {
      headers: upgrade === undefined ? {} : { Upgrade: upgrade },
      connect: () => new Response("a socket"),
      env,
    });

  test.each(["localhost:8787", "app.localhost", "127.0.0.1:8787", "[::1]:8787", "10.0.2.2:8787"])(
    "[I12] a server with the default keys answers at %s, which no other page's name can lead to",
    async (host) => {
      expect((await answerAt(host)).status).toBe(200);
    },
  );

  test.each(["evil.example:8787", "localhost.evil.example", "127.0.0.1.evil.example", "im.example.com"])(
    "[I12] a server with the default keys does not answer as %s, sockets included",
    async (host) => {
      const response = await answerAt(host);
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({ code: 403, error: expect.stringContaining("MASTER_KEY") });
      expect((await answerAt(host, trial, "websocket")).status).toBe(403);
    },
  );

  test("[I12] a server with the default keys checks the name in the Host header", async () => {
    const response = await ask("http://localhost/v1/route?appId=parley-dev", {
      headers: { Host: "evil.example" },
      env: trial,
    });
    expect(response.status).toBe(403);
  });

  test("[I12] a server with keys of its own answers under any name", async () => {
    expect((await answerAt("im.example.com", { ...trial, MASTER_KEY: "our-own" })).status).toBe(200);
  });
});
