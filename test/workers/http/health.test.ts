import { beforeAll, describe, expect, test } from "vitest";
import { VERSION } from "../../../src/version.ts";
import { appKeys, configure, http, masterKeys, openWorld, world } from "../support/world.ts";
import { ask } from "./ask.ts";

beforeAll(() => openWorld());

test("GET /healthz is answered to anybody, without a database or an object", async () => {
  const nothing = { DB: undefined, APP: undefined, CLIENTS: undefined, CONVERSATIONS: undefined };
  const response = await ask("https://im.example.com/healthz", { env: nothing });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok" });
  expect((await ask("https://im.example.com/healthz", { method: "HEAD", env: nothing })).status).toBe(200);
});

describe("GET /admin/health", () => {
  const health = async () => (await http("/admin/health", { headers: masterKeys })).json();

  test("GET /admin/health needs the master key", async () => {
    expect((await http("/admin/health")).status).toBe(401);
    expect((await http("/admin/health", { headers: appKeys })).status).toBe(401);
  });

  test("GET /admin/health reports every part, and the switches that are off", async () => {
    expect(await health()).toEqual({
      version: VERSION,
      d1: {
        answers: true,
        milliseconds: expect.any(Number),
        migration: expect.stringMatching(/^\d{4}_\w+\.sql$/),
      },
      archive: { completeUntil: expect.any(Number), behindSeconds: expect.any(Number) },
      online: expect.any(Number),
      queues: null,
      switchesOff: expect.arrayContaining([
        { setting: "security.signLogin or security.jwt", allows: "log in under any client id" },
      ]),
      host: null,
    });
    await configure({ security: { signLogin: true } });
    expect(JSON.stringify(await health())).not.toContain("signLogin");
    await configure({ security: { signLogin: null } });
  });

  test("[I11] GET /admin/health reports a part that does not answer, and the others", async () => {
    const prepare = () => ({ all: () => Promise.reject(new Error("down")) });
    const response = await ask("https://im.example.com/admin/health", {
      headers: masterKeys,
      env: { DB: Object.assign(Object.create(world.DB), { prepare }) },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      d1: { answers: false },
      archive: { completeUntil: expect.any(Number) },
    });
  });
});
