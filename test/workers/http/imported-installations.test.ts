import { beforeAll, expect, test } from "vitest";
import { done } from "../support/rest.ts";
import { openWorld } from "../support/world.ts";

/** Devices of another service. */

beforeAll(() => openWorld());

const DAY = 86_400_000; // ms
const daysAgo = (days: number) => new Date(Date.now() - days * DAY).toISOString();
const CREATED = "2025-10-01T08:00:00.000Z";
const UPDATED = daysAgo(2);
let count = 0;

/** A row of `_Installation` as the hosted service exports it. */
function rowOf(more: object = {}) {
  count += 1;
  const number = `${count}`.padStart(16, "0");
  return {
    objectId: `65537a0e${number}`,
    deviceType: "ios",
    deviceToken: `b5b1d2f0${number}`,
    channels: ["news"],
    badge: 2,
    valid: true,
    timeZone: "Asia/Shanghai",
    apnsTopic: "com.example.cheese",
    vendor: "",
    ACL: { "*": { read: true } },
    cheese: "brie",
    createdAt: CREATED,
    updatedAt: UPDATED,
    ...more,
  };
}

const imported = (...results: object[]) =>
  done<{ added: number; changed: number; kept: number; refused: object[] }>(
    "POST",
    "/admin/import/installations",
    { results },
  );
const listOf = (where: object) => `/1.1/installations?where=${encodeURIComponent(JSON.stringify(where))}`;
const countOf = (where: object) => `${listOf(where)}&count=1&limit=0`;
const read = (id: string) => done<object>("GET", `/1.1/installations/${id}`);

test("an imported device keeps its id, its times and the app's own columns", async () => {
  const { vendor: _, ACL: __, ...row } = rowOf();
  expect(await imported({ ...row, vendor: "", ACL: {} })).toMatchObject({ added: 1, refused: [] });
  expect(await read(row.objectId)).toEqual(row);
});

test("importing devices again changes nothing, and what is newer over there comes", async () => {
  const row = rowOf();
  await imported(row);
  expect(await imported(row)).toMatchObject({ added: 0, changed: 0, kept: 1 });
  const newer = { ...row, channels: ["sports"], updatedAt: daysAgo(0.5) };
  expect(await imported(newer)).toMatchObject({ changed: 1 });
  expect(await read(row.objectId)).toMatchObject({ channels: ["sports"], updatedAt: newer.updatedAt });
});

test("a device that has said something here since stays as it is, and is not there twice", async () => {
  const row = rowOf();
  const own = { deviceType: "ios", deviceToken: row.deviceToken, channels: ["ours"] };
  const { objectId } = await done<{ objectId: string }>("POST", "/1.1/installations", own);
  expect(await imported(row)).toMatchObject({ added: 0, kept: 1 });
  expect(await read(objectId)).toMatchObject({ channels: ["ours"] });
  const where = encodeURIComponent(JSON.stringify({ deviceToken: row.deviceToken }));
  const found = await done<{ results: object[] }>("GET", `/1.1/installations?where=${where}`);
  expect(found.results).toHaveLength(1);
});

test("devices that are idle for long, and rows that name none, are refused with their reasons", async () => {
  const answer = await imported(
    rowOf({ updatedAt: daysAgo(91) }),
    rowOf({ deviceToken: undefined }),
    rowOf({ deviceType: 5 }),
    rowOf({ objectId: "x" }),
    rowOf(),
  );
  expect(answer).toMatchObject({ added: 1 });
  expect(answer.refused).toMatchObject([
    { row: 0, error: "updatedAt: idle for too long" },
    { row: 1, error: "objectId, deviceToken, installationId: must name a device" },
    { row: 2, error: "deviceType: must be a text" },
    { row: 3, error: "objectId: must be an id" },
  ]);
});

test("a page of new devices is imported whole, each device with its channels", async () => {
  const rows = Array.from({ length: 100 }, (_, at) => rowOf({ channels: [`page-${at % 2}`] }));
  expect(await imported(...rows)).toEqual({ added: 100, changed: 0, kept: 0, refused: [] });
  expect(await imported(...rows)).toEqual({ added: 0, changed: 0, kept: 100, refused: [] });
  const { count: even } = await done<{ count: number }>("GET", countOf({ channels: "page-0" }));
  expect(even).toBe(50);
});

test("two rows of one page that name the same device become one, and the newer one wins in either order", async () => {
  for (const name of ["objectId", "deviceToken", "installationId", "registrationId"]) {
    for (const isNewerFirst of [true, false]) {
      const shared = `65537a0e${name.length}${Number(isNewerFirst)}${"0".repeat(13)}`
        .slice(0, 24)
        .padEnd(24, "0");
      const vendor = name === "registrationId" ? { vendor: "hms", deviceType: "android" } : {};
      const older = rowOf({
        ...vendor,
        [name]: shared,
        channels: [`older-${shared}`],
        updatedAt: daysAgo(3),
      });
      const newer = rowOf({
        ...vendor,
        [name]: shared,
        channels: [`newer-${shared}`],
        updatedAt: daysAgo(1),
      });
      const other = rowOf();
      const page = isNewerFirst ? [newer, other, older] : [older, other, newer];
      const { added, refused } = await imported(...page);
      expect({ added: added >= 2, refused }, name).toEqual({ added: true, refused: [] });
      const found = await done<{ results: object[] }>("GET", listOf({ [name]: shared }));
      expect(found.results, name).toMatchObject([{ updatedAt: newer.updatedAt }]);
    }
  }
});

test("a row that names a device known here changes it, and the new ones beside it on the page are added", async () => {
  const known = rowOf({ updatedAt: daysAgo(5) });
  await imported(known);
  const again = rowOf({ deviceToken: known.deviceToken, objectId: rowOf().objectId, channels: ["moved"] });
  const wrong = rowOf({ deviceType: 5 });
  const answer = await imported(rowOf(), again, wrong, rowOf());
  expect(answer).toMatchObject({ added: 2, changed: 1, refused: [{ row: 2 }] });
  expect(await read(known.objectId)).toMatchObject({ updatedAt: again.updatedAt });
});

test("two rows that name one device known here by different names change it in turn, and the newer one wins", async () => {
  const known = rowOf({ updatedAt: daysAgo(5) });
  await imported(known);
  const byToken = rowOf({ deviceToken: known.deviceToken, channels: ["newer"], updatedAt: daysAgo(1) });
  const byId = rowOf({ objectId: known.objectId, channels: ["older"], updatedAt: daysAgo(3) });
  expect(await imported(byToken, byId)).toMatchObject({ changed: 1, kept: 1 });
  expect(await read(known.objectId)).toMatchObject({ channels: ["newer"], updatedAt: byToken.updatedAt });
});
