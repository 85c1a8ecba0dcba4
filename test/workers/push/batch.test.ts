import { beforeAll, describe, expect, test } from "vitest";
import { bindDevice } from "../../../src/database/installations/device-clients.ts";
import type { Json, JsonObject } from "../../../src/model/json.ts";
import { outcome, rest } from "../support/rest.ts";
import { appKeys, openWorld } from "../support/world.ts";
import { channelsByDevice, NOW, phone, tablet, useTables } from "./tables.ts";

const db = useTables();
beforeAll(() => openWorld());

const ask = (path: string, requests: Json, keys?: Record<string, string>) =>
  rest("POST", path, { requests }, keys ?? appKeys);

async function answer<Answer>(path: string, requests: Json, keys?: Record<string, string>): Promise<Answer> {
  const response = await ask(path, requests, keys);
  expect(response.status).toBe(200);
  return response.json();
}

type Saved = Record<string, { objectId: string; createdAt?: string; updatedAt?: string }>;

describe("[N-01] /1.1/batch/save", () => {
  test("[N-01] /1.1/batch/save saves as Swift does: always with POST, the second time with all it has", async () => {
    const body = {
      __internalId: "8D1E7C",
      deviceType: "ios",
      deviceToken: "a1b2",
      apnsTopic: "com.example.cheese",
      apnsTeamId: "DEF123GHIJ",
      timeZone: "Asia/Shanghai",
      channels: ["news"],
      badge: 2,
    };
    const first = await answer<Saved>("/1.1/batch/save", [
      { method: "POST", path: "/1.1/installations", body },
    ]);
    const { objectId = "", createdAt = "" } = first["8D1E7C"] ?? {};
    expect(first).toEqual({ "8D1E7C": { objectId: expect.any(String), createdAt: expect.any(String) } });
    await bindDevice(db(), { device: "a1b2", clientId: "Tom", leaving: [], known: [], now: NOW });
    const again = { ...body, __internalId: objectId, objectId, createdAt, badge: 0 };
    const second = await answer<Saved>("/1.1/batch/save", [
      { method: "POST", path: "/1.1/installations", body: again, params: null },
    ]);
    expect(second).toEqual({ [objectId]: { objectId, createdAt, updatedAt: expect.any(String) } });
    const shown = await (await rest("GET", `/1.1/installations/${objectId}`)).json<JsonObject>();
    const { __internalId, ...said } = body;
    expect(shown).toMatchObject({ ...said, objectId, badge: 0, channels: ["news", "Tom"] });
    expect(Object.keys(shown).filter((key) => key.startsWith("__"))).toEqual([]);
  });

  test("[N-01] /1.1/batch/save saves as Objective-C does: one installation by several requests in a row", async () => {
    const names = { __internalId: "5F2A", deviceType: "ios", deviceToken: "a1b2", apnsTeamId: "DEF123GHIJ" };
    const path = "/1.1/installations";
    const add = { ...names, channels: { __op: "AddUnique", objects: ["news", "sports"] } };
    const remove = { ...names, channels: { __op: "Remove", objects: ["sports"] } };
    const saved = await answer<Saved>("/1.1/batch/save", [
      { method: "POST", path, body: names, new: true },
      { method: "POST", path, body: add },
      { method: "POST", path, body: remove },
    ]);
    expect(Object.keys(saved)).toEqual(["5F2A"]);
    expect(saved["5F2A"]).toEqual({
      objectId: expect.any(String),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(await channelsByDevice(db())).toEqual({ a1b2: ["news"] });
  });

  test("[N-01] /1.1/batch/save saves as Java does: changes by id", async () => {
    const made = await (await rest("POST", "/1.1/installations", tablet, appKeys)).json<{
      objectId: string;
    }>();
    const saved = await answer<Saved>("/1.1/batch/save", [
      { method: "PUT", path: `/1.1/classes/_Installation/${made.objectId}`, body: { badge: 1 } },
    ]);
    expect(saved).toMatchObject({ [made.objectId]: { objectId: made.objectId } });
  });

  test("[N-01] /1.1/batch/save ends with its first refused request, and those before it are saved", async () => {
    const path = "/1.1/installations";
    const requests = [
      { method: "POST", path, body: phone },
      { method: "POST", path, body: { deviceType: "ios" } },
      { method: "POST", path, body: tablet },
    ];
    expect(await outcome(ask("/1.1/batch/save", requests))).toBe("400 105");
    expect(await channelsByDevice(db())).toEqual({ a1b2: [] });
    expect(
      await outcome(ask("/1.1/batch/save", [{ method: "POST", path: "/1.1/classes/Todo", body: {} }])),
    ).toBe("404 404");
  });
});

describe("[N-01] /1.1/batch", () => {
  const installations = "/1.1/installations";

  test("[N-01] /1.1/batch answers each request separately", async () => {
    type Outcome = { success: { objectId: string } } | { error: { code: number } };
    const [first, ...others] = await answer<Outcome[]>("/1.1/batch", [
      { method: "post", path: "/1.1/classes/_Installation", body: phone, params: { fetchWhenSave: true } },
      { method: "POST", path: "/1.1/classes/Todo", body: { title: "cheese" } },
      { method: "POST", path: installations, body: { ...tablet, badge: "many" } },
      { method: "POST", path: "/installations", body: tablet },
      { method: "GET", path: installations },
      { method: "DELETE", path: `${installations}/51ff1808e4b074ac5c34d7fd` },
      { method: "GET", path: `${installations}/51ff1808e4b074ac5c34d7fd` },
      { method: "POST", path: `${installations}/51ff1808e4b074ac5c34d7fd`, body: {} },
    ]);
    expect(first).toMatchObject({ success: { ...phone, objectId: expect.any(String) } });
    expect(others).toEqual([
      {
        error: {
          code: 404,
          error:
            "/1.1/classes/Todo: only conversations, installations and users are kept here; upstream.url takes the rest",
        },
      },
      { error: { code: 105, error: expect.stringContaining("badge") } },
      { success: { objectId: expect.any(String), createdAt: expect.any(String) } },
      { error: { code: 401, error: "Unauthorized." } },
      { error: { code: 401, error: "Unauthorized." } },
      { error: { code: 101, error: expect.any(String) } },
      { error: { code: 105, error: expect.any(String) } },
    ]);
    expect(await channelsByDevice(db())).toEqual({ a1b2: [], "tablet-1": [] });
  });

  test("[N-01] /1.1/batch reads, finds, changes and deletes with the master key", async () => {
    const { objectId } = await (await rest("POST", installations, phone)).json<{ objectId: string }>();
    const path = `${installations}/${objectId}`;
    const query = { where: { deviceToken: "a1b2" }, limit: 1, count: 1 };
    const [found, read, changed, removed, after] = await answer<JsonObject[]>(
      "/1.1/batch",
      [
        { method: "GET", path: "/1.1/classes/_Installation", params: query },
        { method: "GET", path },
        { method: "PUT", path: `${path}?fetchWhenSave=true`, body: { badge: 9 } },
        { method: "DELETE", path },
        { method: "GET", path: `${installations}?where=%7B%7D` },
      ],
      {},
    );
    expect(found).toMatchObject({ success: { results: [{ objectId }], count: 1 } });
    expect(read).toMatchObject({ success: { objectId, badge: 0 } });
    expect(changed).toMatchObject({ success: { objectId, badge: 9 } });
    expect(removed).toEqual({ success: {} });
    expect(after).toEqual({ success: { results: [] } });
  });

  test("[N-01] /1.1/batch accepts at most 25 requests, and needs the app's key", async () => {
    const one = { method: "GET", path: `${installations}/none` };
    expect(
      await outcome(
        ask(
          "/1.1/batch",
          Array.from({ length: 25 }, () => one),
        ),
      ),
    ).toBe("200");
    expect(
      await outcome(
        ask(
          "/1.1/batch",
          Array.from({ length: 26 }, () => one),
        ),
      ),
    ).toBe("400 105");
    expect(await outcome(ask("/1.1/batch", [{ method: "PATCH", path: installations }]))).toBe("400 105");
    expect(await outcome(ask("/1.1/batch", "all"))).toBe("400 105");
    expect(await outcome(ask("/1.1/batch", [one], { "x-lc-key": "wrong" }))).toBe("401 401");
    const [refused] = await answer<Json[]>(
      "/1.1/batch",
      [{ method: "GET", path: installations, params: { limit: "x" } }],
      {},
    );
    expect(refused).toMatchObject({ error: { code: 1 } });
  });
});
