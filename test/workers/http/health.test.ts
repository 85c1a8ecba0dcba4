import { beforeAll, describe, expect, test } from "vitest";
import { saveMirrorReport } from "../../../src/database/mirror-progress.ts";
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
        migration: expect.stringMatching(/^\d{4}_[\w-]+\.sql$/),
        bytes: expect.any(Number),
      },
      archive: {
        completeUntil: expect.any(Number),
        behindSeconds: expect.any(Number),
        problem: null,
        databases: [
          {
            name: "DB",
            receives: true,
            answers: true,
            milliseconds: expect.any(Number),
            migration: expect.any(String),
            bytes: expect.any(Number),
          },
        ],
      },
      online: expect.any(Number),
      queues: null,
      mirror: null,
      switchesOff: expect.arrayContaining([
        { setting: "security.signLogin or security.jwt", allows: "log in under any client id" },
      ]),
      host: null,
    });
    await configure({ security: { signLogin: true } });
    expect(JSON.stringify(await health())).not.toContain("signLogin");
    await configure({ security: { signLogin: null } });
  });

  test("GET /admin/health counts what goes to LeanCloud while that is on, and says since when something waits", async () => {
    await configure({ mirror: { server: "https://leancloud.example.com" } });
    const none = { sent: 0, received: 0, leftOut: 0, waiting: 0, waitingSince: null, problem: null };
    expect(await health()).toMatchObject({ mirror: none });
    const report = {
      conversationId: "65537a0e0000000000000001",
      sent: 2,
      received: 1,
      leftOut: 1,
      leftOutWhy: "takes no bytes",
      waiting: 3,
      waitingSince: 1_700_000_000_000,
      problem: "status 429",
    };
    await saveMirrorReport(world.DB, report, Date.now());
    expect(await health()).toMatchObject({
      mirror: {
        ...none,
        sent: 2,
        received: 1,
        leftOut: 1,
        waiting: 3,
        waitingSince: 1_700_000_000_000,
        problem: "status 429",
      },
    });
    await configure({ mirror: { server: null } });
    expect(await health()).toMatchObject({ mirror: null });
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
