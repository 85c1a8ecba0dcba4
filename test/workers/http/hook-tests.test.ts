import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { rest } from "../support/rest.ts";
import { appKeys, configure, openWorld, world } from "../support/world.ts";

/* A test call of a hook, for its owner. */

beforeAll(() => openWorld());
beforeEach(() => configure({ hooks: { allowPrivate: true } }));
afterEach(async () => {
  vi.restoreAllMocks();
  await configure({ hooks: null, webhooks: null, serviceHook: null });
});

interface Tested {
  outcome: string;
  problem: string | null;
  milliseconds: number;
  request: { url: string; headers: Record<string, string>; body: string } | null;
  response: { status: number; body: string } | null;
}

/** The app's server answers so; the requests that it got. */
function receiver(answer: () => Response | Promise<Response>): Request[] {
  const got: Request[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    got.push(new Request(input, init));
    return answer();
  });
  return got;
}

async function tested(body: object): Promise<Tested> {
  const response = await rest("POST", "/admin/hooks/test", body);
  expect(response.status).toBe(200);
  return response.json();
}

test("a test of a webhook shows the signed request and the answer", async () => {
  await configure({ webhooks: { url: "https://app.example.com/w", secret: "cheese-cheese" } });
  const got = receiver(() => new Response("ok".repeat(10_000), { status: 202 }));
  const { outcome, request, response } = await tested({ target: "webhooks", event: "clientOnline" });
  expect([outcome, response?.status, response?.body.length]).toEqual(["answered", 202, 16_384]);
  expect(JSON.parse(request?.body ?? "")).toMatchObject({ type: "clientOnline", data: { peerId: "Tom" } });
  expect(request?.headers["webhook-signature"]).toMatch(/^v1,/);
  expect(got.map(({ url }) => url)).toEqual(["https://app.example.com/w"]);
});

test("a test of an engine shows no key", async () => {
  await configure({ hooks: { url: "https://engine.example.com", key: "cheese-key" } });
  const got = receiver(() => Response.json({ result: {} }));
  const shown = await tested({ target: "hooks", event: "messageReceived" });
  expect(shown.request?.url).toBe("https://engine.example.com/1.1/functions/_messageReceived");
  expect(got[0]?.headers.get("x-lc-hook-key")).toBe("cheese-key");
  const text = JSON.stringify(shown);
  for (const secret of ["cheese-key", world.APP_KEY, world.MASTER_KEY]) expect(text).not.toContain(secret);
  expect(JSON.parse(shown.request?.body ?? "")).toMatchObject({ fromPeer: "Tom", __sign: "***" });
});

test("a test shows no key either where the answer repeats the request", async () => {
  await configure({ hooks: { url: "https://engine.example.com", key: "cheese-key" } });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const seen = { headers: Object.fromEntries(request.headers), body: await request.text() };
    return Response.json(seen, { headers: { "x-seen": JSON.stringify(seen.headers) }, status: 500 });
  });
  const shown = await tested({ target: "hooks", event: "messageReceived" });
  expect(shown.response?.body).toContain("x-lc-hook-key");
  const text = JSON.stringify(shown);
  for (const secret of ["cheese-key", world.APP_KEY]) expect(text).not.toContain(secret);
  expect(text).not.toMatch(/\d{13},[0-9a-f]{40}/);
});

test("a saved key or secret goes to the address it was saved for alone", async () => {
  await configure({ hooks: { url: "https://engine.example.com", key: "cheese-key" } });
  const got = receiver(() => Response.json({ result: {} }));
  await tested({ target: "hooks", url: "https://evil.example" });
  await tested({ target: "hooks", url: "https://new.example.com", secret: "new-key" });
  expect(got.map(({ headers }) => headers.get("x-lc-hook-key"))).toEqual([null, "new-key"]);
});

test("a test tells in words what went wrong", async () => {
  receiver(() => new Response("no", { status: 500 }));
  const url = "https://app.example.com/w";
  expect(await tested({ target: "serviceHook", url })).toMatchObject({
    outcome: "failed",
    problem: "status 500",
  });
  receiver(() => Promise.reject(new Error("connection refused")));
  expect((await tested({ target: "webhooks", url })).problem).toMatch(/connection refused/);
  await configure({ hooks: { timeoutMs: 50 } });
  receiver(() => new Promise(() => undefined));
  const late = await tested({ target: "webhooks", url });
  expect(late.problem).toMatch(/no answer in 50 ms/);
  expect(late.milliseconds).toBeGreaterThanOrEqual(49);
});

test("[I12] a test calls no address that a hook may not call, and is for the owner", async () => {
  await configure({ hooks: { allowPrivate: false } });
  const got = receiver(() => new Response("ok"));
  for (const url of [
    "http://127.0.0.1:9/",
    "https://10.0.0.1/",
    "http://app.example.com/",
    "https://localhost/",
  ]) {
    const refused = await rest("POST", "/admin/hooks/test", { target: "webhooks", url });
    expect([url, refused.status]).toEqual([url, 400]);
  }
  expect((await rest("POST", "/admin/hooks/test", { target: "webhooks" })).status).toBe(400);
  const app = await rest("POST", "/admin/hooks/test", { target: "webhooks" }, appKeys);
  expect([app.status, got.length]).toEqual([401, 0]);
});
