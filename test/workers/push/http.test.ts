import { beforeAll, describe, expect, test } from "vitest";
import { bindDevice, unbindDevice } from "../../../src/database/installations/device-clients.ts";
import { registerBrowser } from "../../../src/database/installations/installations.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { appKeys, openWorld, world } from "../support/world.ts";
import { channelsByDevice, NOW, phone, tablet, useTables } from "./tables.ts";

const db = useTables();
beforeAll(() => openWorld());

/** As every copy of the app does, with the app's key. */
const ask = (method: string, path: string, body?: unknown) => rest(method, path, body, appKeys);

async function answer(method: string, path: string, body?: unknown): Promise<JsonObject> {
  const response = await ask(method, path, body);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

const PATHS = ["/1.1/installations", "/1.1/classes/_Installation"];

describe.each(PATHS)("[N-01] %s", (path) => {
  test(`[N-01] ${path} adds an installation and returns its location`, async () => {
    const response = await ask("POST", path, { ...phone, channels: ["news"] });
    expect(response.status).toBe(201);
    const { objectId, ...rest } = await response.json<{ objectId: string; createdAt: string }>();
    expect(rest).toEqual({ createdAt: expect.stringMatching(/Z$/) });
    expect(response.headers.get("Location")).toBe(`/1.1/installations/${objectId}`);
    expect(await answer("GET", `${path}/${objectId}`)).toEqual({
      ...phone,
      objectId,
      channels: ["news"],
      valid: true,
      badge: 0,
      createdAt: rest.createdAt,
      updatedAt: rest.createdAt,
    });
  });

  test(`[N-01] ${path} changes an installation that exists`, async () => {
    const { objectId, createdAt } = await answer("POST", path, phone);
    const again = await ask("POST", path, { ...phone, badge: 1 });
    expect([again.status, await again.json()]).toEqual([
      200,
      { objectId, createdAt, updatedAt: expect.stringMatching(/Z$/) },
    ]);
    const change = {
      channels: { __op: "AddUnique", objects: ["news"] },
      badge: { __op: "Increment", amount: 2 },
    };
    expect(await answer("PUT", `${path}/${objectId}`, change)).toMatchObject({ objectId });
    const off = {
      channels: { __op: "Remove", objects: ["news", "none"] },
      apnsTopic: { __op: "Delete" },
      x: null,
    };
    expect(await answer("PUT", `${path}/${objectId}?fetchWhenSave=true`, off)).toEqual({
      objectId,
      deviceType: "ios",
      deviceToken: "a1b2",
      channels: [],
      valid: true,
      badge: 3,
      createdAt,
      updatedAt: expect.stringMatching(/Z$/),
    });
  });

  test.each(["fetchWhenSave", "new"])(
    "[N-01] an installation is returned with every field for %s, without its logged-in clients",
    async (parameter) => {
      await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW });
      const whole = await answer("POST", `${path}?${parameter}=true`, { ...phone, channels: ["news"] });
      expect(whole).toMatchObject({ ...phone, channels: ["news"], badge: 0 });
      expect(await channelsByDevice(db())).toEqual({ a1b2: ["Tom", "news"] });
      // He logs out; the SDK saves what it was told.
      await unbindDevice(db(), { device: "a1b2", clientId: "Tom" });
      await answer("PUT", `${path}/${whole.objectId}`, whole);
      expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"] });
    },
  );

  test(`[N-01] ${path} lists and deletes only with the master key`, async () => {
    const { objectId } = await answer("POST", path, { ...phone, channels: ["news"] });
    await answer("POST", path, tablet);
    expect(await outcome(ask("GET", path))).toBe("401 401");
    expect(await outcome(ask("DELETE", `${path}/${objectId}`))).toBe("401 401");
    const where = encodeURIComponent(JSON.stringify({ channels: "news" }));
    const listed = await done<{ results: object[] }>("GET", `${path}?where=${where}&keys=badge&include=user`);
    expect(listed).toMatchObject({ results: [{ objectId, channels: ["news"] }] });
    expect(await done("GET", `${path}?count=1&limit=0`)).toEqual({ results: [], count: 2 });
    const sorted = await done<{ results: { deviceType: string }[] }>(
      "GET",
      `${path}?order=-deviceType&limit=1`,
    );
    expect(sorted.results.map(({ deviceType }) => deviceType)).toEqual(["ios"]);
    expect(await outcome(rest("GET", `${path}?where=${encodeURIComponent('{"a":{"$inQuery":{}}}')}`))).toBe(
      "400 102",
    );
    expect(await outcome(rest("GET", `${path}?where=x`))).toBe("400 1");
    expect(await done("DELETE", `${path}/${objectId}`)).toEqual({});
    expect(await outcome(ask("GET", `${path}/${objectId}`))).toBe("404 101");
    expect(await channelsByDevice(db())).toEqual({ "tablet-1": [] });
  });

  test(`[N-01] ${path} answers 404 for an unknown id`, async () => {
    expect(await outcome(ask("GET", `${path}/51ff1808e4b074ac5c34d7fd`))).toBe("404 101");
    expect(await outcome(ask("PUT", `${path}/51ff1808e4b074ac5c34d7fd`, { badge: 0 }))).toBe("404 101");
    const moved = await rest("PUT", `${path}/51ff1808e4b074ac5c34d7fd`, tablet);
    expect([moved.status, await moved.json()]).toMatchObject([201, { objectId: "51ff1808e4b074ac5c34d7fd" }]);
  });
});

describe("[N-01] an invalid installation is refused", () => {
  test.each<[string, unknown]>([
    ["400 105", { deviceType: "ios" }],
    ["400 105", { deviceToken: "a1b2" }],
    ["400 105", { ...phone, deviceToken: 5 }],
    ["400 105", { ...phone, channels: ["news", 5] }],
    ["400 105", { ...phone, badge: -1 }],
    ["400 105", { ...phone, subscription: {} }],
    ["400 105", { ...phone, 'a"b': 1 }],
    ["400 105", { ...phone, own: { __op: "Frobnicate" } }],
    ["400 105", []],
    ["400 107", "{"],
    ["413 413", { ...phone, own: "x".repeat(70_000) }],
  ])("[N-01] saving an invalid installation answers %s: %j", async (expected, body) => {
    expect(await outcome(ask("POST", "/1.1/installations", body))).toBe(expected);
    expect(await channelsByDevice(db())).toEqual({});
  });

  test("[N-01] saving an installation under a condition is refused", async () => {
    expect(await outcome(ask("POST", "/1.1/installations?where=%7B%7D", phone))).toBe("400 1");
  });

  test("[N-01] saving an installation without the app's key is refused", async () => {
    expect(await outcome(rest("POST", "/1.1/installations", phone, { "x-lc-key": "wrong" }))).toBe("401 401");
  });

  test("[N-01] saving an installation while D1 fails is refused with a code of its own", async () => {
    await world.DB.exec("ALTER TABLE installations RENAME TO installations_away");
    expect(await outcome(ask("POST", "/1.1/installations", phone))).toBe("503 503");
    await world.DB.exec("ALTER TABLE installations_away RENAME TO installations");
  });
});

test("[I12] the endpoint of a browser is in no answer", async () => {
  const endpoint = "https://push.example.com/send/xyz";
  const subscription = { endpoint, keys: { p256dh: "public-key", auth: "shared-secret" } };
  const { id } = await registerBrowser(db(), {
    clientId: "Tom",
    device: "browser-1",
    subscription,
    now: NOW,
  });
  const shown = await Promise.all([
    ask("GET", `/1.1/installations/${id}`),
    ask("PUT", `/1.1/installations/${id}?fetchWhenSave=true`, { badge: 1 }),
    rest("GET", "/1.1/installations"),
  ]);
  for (const response of shown) {
    const text = await response.text();
    expect(text).toContain("browser-1");
    expect(text).not.toMatch(/push\.example|public-key|shared-secret/);
  }
});
