import { beforeEach, describe, expect, test } from "vitest";
import {
  countInstallations,
  findInstallations,
  selectInstallations,
} from "../../../src/database/installations/query.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { DAY, kept, NOW, save, useTables } from "./tables.ts";

const db = useTables();

const place = (latitude: number, longitude: number) => ({ __type: "GeoPoint", latitude, longitude });
const date = (time: number) => ({ __type: "Date", iso: new Date(time).toISOString() });

/** Whose device is where: the tests ask for them by name. */
const devices: Record<string, JsonObject> = {
  Tom: {
    deviceType: "ios",
    deviceToken: "a1",
    badge: 3,
    channels: ["Tom", "cats"],
    home: place(39.9087, 116.3975),
  },
  Jerry: {
    deviceType: "android",
    installationId: "b2",
    vendor: "mi",
    registrationId: "r2",
    channels: ["Jerry"],
    deviceProfile: "mice",
    seen: [place(0, 179.9), place(39.92, 116.4)],
    size: { cm: 8 },
    when: date(NOW),
  },
  Spike: {
    deviceType: "ios",
    deviceToken: "c3",
    valid: false,
    channels: ["Spike", "cats", "dogs"],
    timeZone: "UTC",
  },
  Tyke: {
    deviceType: "ios",
    deviceToken: "d4",
    installationId: "d5",
    home: place(31.2304, 121.4737),
    size: { cm: 30 },
  },
};

const ids = new Map<string, string>();
beforeEach(async () => {
  let at = 0;
  for (const [who, device] of Object.entries(devices)) {
    ids.set(who, kept(await save(db(), device, { now: NOW + DAY * at++ })).id);
  }
});

/** So few rows and bytes at a time that these devices take several. */
const SMALL = { rows: 2, json: 64, read: 64, pattern: 10 };

const names = (found: { id: string }[]) =>
  found.map(({ id }) => [...ids].find((entry) => entry[1] === id)?.[0] ?? id);

async function found(where: JsonObject, more: { order?: string; limit?: number; skip?: number } = {}) {
  const asked = { where, order: undefined, limit: 100, skip: 0, ...more };
  const answer = await findInstallations(db(), asked);
  expect(await findInstallations(db(), asked, SMALL)).toEqual(answer);
  return "refused" in answer ? answer.detail : names(answer);
}

describe("[N-04] installations are found by any field", () => {
  const beijing = place(39.9042, 116.4074);
  test.each<[JsonObject, string[]]>([
    [{}, ["Tom", "Jerry", "Spike", "Tyke"]],
    [{ deviceType: "ios" }, ["Tom", "Spike", "Tyke"]],
    [{ deviceToken: "a1" }, ["Tom"]],
    [{ deviceToken: { $exists: false } }, ["Jerry"]],
    [{ installationId: { $in: ["b2", "d5"] } }, ["Jerry", "Tyke"]],
    [{ vendor: "mi", registrationId: "r2" }, ["Jerry"]],
    [{ channels: "cats" }, ["Tom", "Spike"]],
    [{ channels: { $in: ["Jerry", "dogs"] } }, ["Jerry", "Spike"]],
    [{ channels: { $all: ["cats", "dogs"] } }, ["Spike"]],
    [{ channels: { $nin: ["cats"] } }, ["Jerry", "Tyke"]],
    [{ channels: { $size: 1 } }, ["Jerry"]],
    [{ channels: { $regex: "^[sd]" } }, ["Spike"]],
    [{ valid: true }, ["Tom", "Jerry", "Tyke"]],
    [{ valid: false }, ["Spike"]],
    [{ valid: { $ne: true } }, ["Spike"]],
    [{ valid: { $exists: true } }, ["Tom", "Jerry", "Spike", "Tyke"]],
    [{ badge: { $gt: 0 } }, ["Tom"]],
    [{ badge: 0 }, ["Jerry", "Spike", "Tyke"]],
    [{ deviceProfile: "mice" }, ["Jerry"]],
    [{ timeZone: { $exists: true } }, ["Spike"]],
    [{ "size.cm": { $gte: 8, $lt: 30 } }, ["Jerry"]],
    [{ when: date(NOW) }, ["Jerry"]],
    [{ createdAt: { $gte: date(NOW + DAY) } }, ["Jerry", "Spike", "Tyke"]],
    [{ updatedAt: { $lt: date(NOW + DAY) } }, ["Tom"]],
    [{ $or: [{ deviceToken: "a1" }, { "size.cm": 30 }] }, ["Tom", "Tyke"]],
    [{ subscription: { $exists: true } }, []],
    [{ home: { $nearSphere: beijing } }, ["Tom", "Tyke"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: 1 } }, ["Tom"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: 0.9 } }, []],
    // Beijing and Shanghai are some 1,068 km or 664 miles apart.
    [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: 1_075 } }, ["Tom", "Tyke"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: 1_055 } }, ["Tom"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInMiles: 670 } }, ["Tom", "Tyke"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInMiles: 655 } }, ["Tom"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInRadians: 0.17 } }, ["Tom", "Tyke"]],
    [{ home: { $nearSphere: beijing, $maxDistance: 0.16 } }, ["Tom"]],
    [{ home: { $nearSphere: beijing, $maxDistanceInRadians: 4 } }, ["Tom", "Tyke"]],
    // Across the date line, and in a list.
    [{ seen: { $nearSphere: place(0, -179.9), $maxDistanceInKilometers: 23 } }, ["Jerry"]],
    [{ seen: { $nearSphere: place(0, -179.9), $maxDistanceInKilometers: 22 } }, []],
    [{ seen: { $nearSphere: beijing, $maxDistanceInKilometers: 2 } }, ["Jerry"]],
    [{ size: { $nearSphere: beijing } }, []],
    [
      { $or: [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: 1 } }, { badge: 0 }] },
      ["Tom", "Jerry", "Spike", "Tyke"],
    ],
  ])("[N-04] a where finds installations: %j", async (where, expected) => {
    expect(await found(where, { order: "createdAt" })).toEqual(expected);
    expect(await countInstallations(db(), where)).toBe(expected.length);
    expect(await countInstallations(db(), where, SMALL)).toBe(expected.length);
  });

  test("[N-04] a query returns installations in an order and by page", async () => {
    expect(await found({}, { order: "-createdAt" })).toEqual(["Tyke", "Spike", "Jerry", "Tom"]);
    expect(await found({}, { order: "valid,-badge,createdAt" })).toEqual(["Spike", "Tom", "Jerry", "Tyke"]);
    expect(await found({}, { order: "createdAt", limit: 2, skip: 1 })).toEqual(["Jerry", "Spike"]);
    expect(await found({}, { limit: 0 })).toEqual([]);
  });

  test.each<[JsonObject, string]>([
    [{ user: { $inQuery: { className: "_User", where: {} } } }, "102: $inQuery asks other classes"],
    [{ user: { $notInQuery: { className: "_User", where: {} } } }, "102: $notInQuery asks other classes"],
    [{ user: { $select: {} } }, "102: $select asks other classes"],
    [{ home: { $nearSphere: "here" } }, "102: $nearSphere needs a GeoPoint"],
    [{ home: { $nearSphere: beijing, $maxDistanceInKilometers: -1 } }, "102: $maxDistanceInKilometers needs"],
    [{ home: { $maxDistanceInMiles: 1 } }, "102: $maxDistanceInMiles needs $nearSphere"],
    [{ channels: { $nearSphere: beijing } }, "102: unknown operator $nearSphere"],
    [{ deviceType: { $nearSphere: beijing } }, "102: unknown operator $nearSphere"],
    [{ home: { $within: { $box: [] } } }, "102: unknown operator $within"],
    [{ 'a"b': 1 }, "102: invalid key"],
  ])("[N-04] the where %j on installations is refused", async (where, why) => {
    expect(await found(where)).toContain(why);
    const selected = await selectInstallations(db(), { where, after: undefined, limit: 1, updatedSince: 0 });
    expect(selected).toMatchObject({ detail: expect.stringContaining(why) });
    expect(await countInstallations(db(), where)).toMatchObject({ detail: expect.stringContaining(why) });
  });

  test("[N-04] a query for installations in the order of an unknown field is refused", async () => {
    expect(await found({}, { order: 'a"b' })).toContain("102: invalid sort key");
  });
});

describe("[N-04] a push", () => {
  test("[N-04] a push selects installations page by page, and only valid and active ones", async () => {
    const selection = { where: {}, limit: 2, updatedSince: NOW + 1 };
    const first = await selectInstallations(db(), { ...selection, after: undefined });
    if ("refused" in first) throw new Error(first.detail);
    expect(names(first).sort()).toEqual(["Jerry", "Tyke"]);
    const pages: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await selectInstallations(db(), { where: {}, limit: 1, updatedSince: 0, after });
      if ("refused" in page) throw new Error(page.detail);
      if (page.length === 0) break;
      after = page[0]?.id;
      pages.push(...names(page));
    }
    expect(pages.sort()).toEqual(["Jerry", "Tom", "Tyke"]);
    const chosen = { where: { channels: "cats" }, after: undefined, limit: 10, updatedSince: NOW };
    const cats = await selectInstallations(db(), chosen);
    expect("refused" in cats ? cats : names(cats)).toEqual(["Tom"]);
  });
});
