import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../../support/server.ts";
import { StubUpstream } from "../../support/stub-upstream.ts";
import { callAsOwner, configure, ownerHeaders } from "../support/owner.ts";

const upstream = new StubUpstream();
let server: Server;

beforeAll(async () => {
  await upstream.open();
  upstream.answer = (_, response) => response.writeHead(201).end('{"objectId":"1"}');
  server = await startServer();
  await configure(server, { upstream: { url: upstream.url } });
});
afterAll(async () => {
  await server?.stop();
  await upstream.close();
});

const headers = {
  "X-LC-Id": "parley-dev",
  "X-LC-Key": "parley-dev-key",
  "X-LC-Session": "a-session",
  "User-Agent": "LeanCloud-Java-SDK/8.2.28",
};
const ask = async (path: string, init: RequestInit = {}) =>
  (await fetch(server.url + path, { headers, ...init })).text();

interface Line {
  event: string;
  at: number;
  detail: Record<string, unknown>;
}

const lines = async () =>
  (await callAsOwner<{ results: Line[] }>(server, "GET", "/admin/events?event=requestPassed")).results;

describe("the log of passed requests", () => {
  test("requests that are passed on leave no line unless the owner wants it", async () => {
    await ask("/1.1/classes/Todo");
    await configure(server, { events: { logDays: 1 } });
    await ask("/1.1/classes/Todo");
    expect(await lines()).toEqual([]);
  });

  test("upstream.log needs an event log to be kept in", async () => {
    const patch = (body: object) =>
      fetch(`${server.url}/admin/settings`, {
        method: "PATCH",
        headers: ownerHeaders,
        body: JSON.stringify(body),
      });
    const refused = await patch({ events: { logDays: 0 }, upstream: { log: true } });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("events.logDays");
    expect((await patch({ events: { logDays: 1 }, upstream: { log: true } })).status).toBe(200);
  });

  test("a line tells what a build called, how it ended, and by which SDK, and no secret", async () => {
    await ask("/1.1/classes/Todo?where=secret", { method: "POST", body: '{"title":"secret"}' });
    await ask("/1.1/verifyMobilePhone/123456", { method: "POST", body: "{}" });
    await expect.poll(async () => (await lines()).length).toBe(2);
    const [verified, saved] = await lines();
    expect(saved).toMatchObject({
      event: "requestPassed",
      detail: {
        method: "POST",
        path: "/1.1/classes/Todo",
        status: 201,
        failure: null,
        sent: 18,
        received: 16,
        userAgent: "LeanCloud-Java-SDK/8.2.28",
      },
    });
    expect(verified?.detail.path).toBe("/1.1/verifyMobilePhone/*");
    expect(JSON.stringify(await lines())).not.toMatch(/secret|a-session|parley-dev|123456/);
  });

  test("a request whose upstream is gone leaves a line too", async () => {
    await upstream.close();
    await ask("/1.1/classes/Lost");
    await expect
      .poll(async () => (await lines())[0]?.detail)
      .toMatchObject({ path: "/1.1/classes/Lost", status: null, failure: "broken" });
    await upstream.open();
  });
});
