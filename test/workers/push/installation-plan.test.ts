import { beforeEach, expect, test } from "vitest";
import {
  bindDevice,
  deviceState,
  unbindDevice,
  unbindEverywhere,
} from "../../../src/database/installations/device-clients.ts";
import {
  incrementBadges,
  installationsById,
  installationsWithChannels,
  registerBrowser,
  removeInstallations,
} from "../../../src/database/installations/installations.ts";
import { findInstallations, selectInstallations } from "../../../src/database/installations/query.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { WatchedDatabase } from "../database/database.ts";
import { DAY, NOW, phone, save, tablet, useTables } from "./tables.ts";

const db = useTables();
let watched: WatchedDatabase;
beforeEach(async () => {
  watched = new WatchedDatabase(db());
  await save(db(), { ...phone, channels: ["Tom", "news"] });
  await save(db(), { ...tablet, channels: ["sports"] });
});

/** Steps that read a whole table; what is made of a JSON text is as long as that. */
async function scans(): Promise<string[]> {
  const plans = await watched.plans();
  expect(plans).not.toEqual([]);
  return plans.filter((step) => /^SCAN (installations|installation_channels|device_clients)\b/.test(step));
}

const subscription = { endpoint: "https://push.example.com/xyz", keys: { p256dh: "key", auth: "secret" } };
const login = { device: "a1b2", clientId: "Tom" };
const both = { deviceToken: "a1b2", installationId: "tablet-1" };
const channels = Array.from({ length: 100 }, (_, at) => `client-${at}`);

test.each<[string, (watched: D1Database) => Promise<unknown>]>([
  ["finding the devices of 100 clients", (on) => installationsWithChannels(on, channels)],
  ["reading installations", (on) => installationsById(on, ["a", "b"])],
  ["counting badges up", (on) => incrementBadges(on, ["a", "b"])],
  ["removing installations", (on) => removeInstallations(on, ["a", "b"])],
  ["asking who is logged in", (on) => deviceState(on, "a1b2")],
  ["a login", (on) => bindDevice(on, { ...login, leaving: ["Jerry"], known: ["Jerry"], now: NOW })],
  ["a logout", (on) => unbindDevice(on, login)],
  ["a kick", (on) => unbindEverywhere(on, { clientId: "Tom", at: NOW })],
  ["registering a browser", (on) => registerBrowser(on, { ...login, subscription, now: NOW })],
  ["saving a device", (on) => save(on, { ...phone, badge: 1 })],
  ["saving a new one", (on) => save(on, { deviceType: "ios", deviceToken: "c3d4" })],
  ["saving one by a vendor's token", (on) => save(on, { deviceType: "android", registrationId: "r1" })],
  ["saving one that was two", (on) => save(on, both)],
])("%s scans no table", async (_, work) => {
  await work(watched);
  expect(await scans()).toEqual([]);
});

test.each<[JsonObject]>([
  [{ channels: "Tom" }],
  [{ channels: { $in: ["Tom", "news"] } }],
  [{ channels: { $all: ["Tom", "news"] }, deviceType: "ios" }],
  [{ objectId: { $in: ["a", "b"] } }],
  [{ deviceToken: "a1b2" }],
  [{ installationId: { $in: ["tablet-1"] } }],
])("[N-04] a query for %j scans no table", async (where) => {
  const bounds = { limit: 100, updatedSince: NOW - DAY };
  await selectInstallations(watched, { where, after: undefined, ...bounds });
  await selectInstallations(watched, { where, after: "5", ...bounds });
  await findInstallations(watched, { where, order: undefined, limit: 100, skip: 0 });
  expect(await scans()).toEqual([]);
});

test("[N-02] a save costs as many rows as it changes", async () => {
  const said = { ...phone, channels: ["Tom", "news"] };
  await save(watched, said);
  expect(watched.rowsWritten).toBe(0);
  await save(watched, { ...said, badge: 1 });
  expect(watched.rowsWritten).toBe(1);
  await save(watched, { ...said, channels: ["Tom", "news", "sports"] });
  // Its row, and one that says who has the channel.
  expect(watched.rowsWritten).toBe(3);
});

test("[C-12] a login that is already stored costs no rows", async () => {
  await bindDevice(watched, { ...login, leaving: [], known: [], now: NOW });
  const once = watched.rowsWritten;
  await bindDevice(watched, { ...login, leaving: [], known: [], now: NOW });
  expect(watched.rowsWritten).toBe(once);
});
