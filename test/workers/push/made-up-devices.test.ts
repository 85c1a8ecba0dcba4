import { beforeAll, describe, expect, test } from "vitest";
import { bindDevice } from "../../../src/database/installations/device-clients.ts";
import { installationsWithChannels } from "../../../src/database/installations/installations.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { SUBSCRIBED_MAX } from "../../../src/request-bounds.ts";
import { outcome, rest } from "../support/rest.ts";
import { appKeys, configure, masterKeys, openWorld, stayAwake } from "../support/world.ts";
import { NOW, phone, tablet, useTables } from "./tables.ts";

/* Everybody who has the app has the app key: what may be saved with it takes nothing from anybody. */

const db = useTables();
beforeAll(() => openWorld());

const saved = async (method: string, path: string, body: JsonObject, keys = appKeys) => {
  const response = await rest(method, path, body, keys);
  expect([200, 201]).toContain(response.status);
  return response.json<{ objectId: string }>();
};

/** Invents this many installations in a channel, with ids that begin so. */
async function invent(count: number, channel: string, digit = "0"): Promise<void> {
  const ids = `SELECT value AS n, printf('${digit}%023x', value) AS id FROM json_each(?)`;
  const numbers = JSON.stringify(Array.from({ length: count }, (_, at) => at));
  await db().batch([
    db()
      .prepare(`INSERT INTO installations SELECT id, 'ios', 'invented' || n, NULL, NULL, NULL, ?, 1, 0, NULL, '{}', 0, ?
        FROM (${ids})`)
      .bind(JSON.stringify([channel]), NOW, numbers),
    db().prepare(`INSERT INTO installation_channels SELECT ?, id FROM (${ids})`).bind(channel, numbers),
  ]);
}

describe("[N-01] a quota of the whole app", () => {
  // First, since what others of this file make counts too.
  test("[N-01] the app has a quota of new installations per minute, which counts each part of a batch and no known installation", async () => {
    await configure({ limits: { installationsPerMinute: 3 } });
    // What was counted in a minute is in memory alone, and goes with the object.
    const mayGo = stayAwake();
    await saved("POST", "/1.1/installations", phone);
    const requests = [1, 2, 3].map((n) => {
      return {
        method: "POST",
        path: "/1.1/installations",
        body: { deviceType: "ios", deviceToken: `t${n}` },
      };
    });
    const parts = await (await rest("POST", "/1.1/batch", { requests }, appKeys)).json<
      { error?: { code: number } }[]
    >();
    expect(parts.map(({ error }) => error?.code)).toEqual([undefined, undefined, 429]);
    expect(await outcome(rest("POST", "/1.1/installations", tablet, appKeys))).toBe("429 429");
    await saved("POST", "/1.1/installations", { ...phone, badge: 2 });
    await saved("POST", "/1.1/installations", tablet, masterKeys);
    mayGo();
    await configure({ limits: { installationsPerMinute: null } });
  });
});

describe("[P-13] made-up devices in a client's channel", () => {
  test.each([
    ["older", "0"],
    ["newer", "f"],
  ])(
    "[P-13] made-up devices in a client's channel that seem %s take no push from its real devices",
    async (_, digit) => {
      await saved("POST", "/1.1/installations", phone);
      await saved("POST", "/1.1/installations", tablet);
      await bindDevice(db(), { device: "a1b2", clientId: "Jerry", leaving: [], known: [], now: NOW });
      await bindDevice(db(), { device: "tablet-1", clientId: "Jerry", leaving: [], known: [], now: NOW });
      await invent(2_100, "Jerry", digit);
      const found = await installationsWithChannels(db(), ["Jerry", "Spike"]);
      const names = found.map(
        ({ installation: { deviceToken, installationId } }) => deviceToken ?? installationId,
      );
      expect(names).toEqual(expect.arrayContaining(["a1b2", "tablet-1"]));
      expect(found.every(({ channels }) => channels.length === 1 && channels[0] === "Jerry")).toBe(true);
      expect(found).toHaveLength(digit === "f" ? SUBSCRIBED_MAX + 2 : SUBSCRIBED_MAX);
    },
  );

  test("[P-13] made-up devices in a client's channel take no push from a later subscriber, and each channel has its own share", async () => {
    await invent(2_100, "news");
    const { objectId } = await saved("POST", "/1.1/installations", {
      ...phone,
      channels: ["news", "sports"],
    });
    const found = await installationsWithChannels(db(), ["news", "sports"]);
    const mine = found.find(({ installation }) => installation.id === objectId);
    expect(mine?.channels.toSorted()).toEqual(["news", "sports"]);
    expect(found).toHaveLength(SUBSCRIBED_MAX);
  });
});

describe("[N-01] with the app key", () => {
  const CHOSEN = "000000000000000000000001";

  test("[N-01] with the app key, a new installation has an id of the server's, also in a batch", async () => {
    const made = await saved("PUT", `/1.1/installations/${CHOSEN}`, phone);
    expect(made.objectId).not.toBe(CHOSEN);
    const again = await saved("PUT", `/1.1/installations/${CHOSEN}`, { ...phone, badge: 1 });
    expect(again.objectId).toBe(made.objectId);
    const requests = [{ method: "PUT", path: `/1.1/installations/${CHOSEN}`, body: tablet }];
    const [part] = await (await rest("POST", "/1.1/batch", { requests }, appKeys)).json<
      { success: { objectId: string } }[]
    >();
    expect(part?.success.objectId).not.toBe(CHOSEN);
    expect(await outcome(rest("GET", `/1.1/installations/${CHOSEN}`))).toBe("404 101");
  });

  test("[N-01] the master key may choose the id of an installation, for devices that move here", async () => {
    const { objectId } = await saved("PUT", `/1.1/installations/${CHOSEN}`, phone, masterKeys);
    expect(objectId).toBe(CHOSEN);
  });

  test("[N-01] with the app key, one address saves a limited number of installations per minute", async () => {
    const from = (address: string) => ({ ...appKeys, "CF-Connecting-IP": address });
    const part = { method: "POST", path: "/1.1/installations", body: { ...phone, badge: 1 } };
    const batch = (address: string) =>
      rest("POST", "/1.1/batch", { requests: Array.from({ length: 25 }, () => part) }, from(address));
    for (let n = 0; n < 24; n++) await batch("198.18.0.7");
    expect(await outcome(rest("POST", "/1.1/installations", phone, from("198.18.0.7")))).toBe("429 429");
    expect(await outcome(rest("POST", "/1.1/installations", phone, from("198.18.0.8")))).toBe("200");
  });
});
