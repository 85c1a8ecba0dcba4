import { beforeAll, expect, test, vi } from "vitest";
import { appOf } from "../../src/app/app.ts";
import { AppObject } from "../../src/app/app-object.ts";
import { PRESENCE_AT_ONCE } from "../../src/bounds.ts";
import { forEachLimited } from "../../src/limited-calls.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld, world } from "./support/world.ts";

/** A deployment cuts every socket, and everybody comes back at once: what that costs besides each client's own object. */

const CLIENTS = Array.from({ length: 200 }, (_, at) => `client ${at}`);
const AT_ONCE = 100;
/** The settings of an isolate are read again after 4 s at the earliest (ms). */
const SETTINGS_AGE = 4_000;

beforeAll(() => openWorld());

async function logIn(clients: string[]): Promise<WorkerdDevice[]> {
  const devices: WorkerdDevice[] = [];
  await forEachLimited(clients, AT_ONCE, async (clientId) => {
    devices.push(await WorkerdDevice.of(clientId));
  });
  return devices;
}

/** Counts the statements to D1 by their text, and the calls to the app's shards, from now on. */
function counting() {
  const prototype: D1Database = Object.getPrototypeOf(world.DB);
  const prepare = vi.spyOn(prototype, "prepare");
  const exec = vi.spyOn(prototype, "exec");
  const reports = vi.spyOn(AppObject.prototype, "presenceChanged");
  const others = [
    vi.spyOn(AppObject.prototype, "keptSettings"),
    vi.spyOn(AppObject.prototype, "spend"),
    vi.spyOn(AppObject.prototype, "archiveBehindAmong"),
    vi.spyOn(AppObject.prototype, "onlineAmong"),
  ];
  return {
    /** What was asked of D1 besides the settings, and how often these were read. */
    d1: () => {
      const texts = prepare.mock.calls.map(([text]) => text);
      const settings = texts.filter((text) => /from "settings"/i.test(text));
      return {
        settings: settings.length,
        others: texts.filter((text) => !settings.includes(text)),
        exec: exec.mock.calls,
      };
    },
    reports: () => reports.mock.calls.map(([changes]) => changes.length),
    otherCalls: () => others.reduce((sum, { mock }) => sum + mock.calls.length, 0),
  };
}

test("200 known clients that come back at once read nothing of D1 but the settings, and each is reported to its shard of the app once", async () => {
  const gone = await logIn(CLIENTS);
  await forEachLimited(gone, AT_ONCE, async (device) => {
    await device.ask({ cmd: "session", op: "close" });
    device.close();
  });
  const app = appOf(world);
  await expect.poll(async () => (await app.presence()).online, { timeout: 20_000 }).toBe(0);

  const count = counting();
  const since = Date.now();
  const back = await logIn(CLIENTS);
  await expect.poll(async () => (await app.presence()).online, { timeout: 20_000 }).toBe(CLIENTS.length);
  const { settings, others, exec } = count.d1();
  expect([others, exec]).toEqual([[], []]);
  expect(settings).toBeLessThanOrEqual(2 + (Date.now() - since) / SETTINGS_AGE);

  // While one report is on its way, the next ones for that shard gather.
  const reports = count.reports();
  expect(reports.reduce((sum, size) => sum + size, 0)).toBe(CLIENTS.length);
  expect(Math.max(...reports)).toBeLessThanOrEqual(PRESENCE_AT_ONCE);
  expect(reports.length).toBeLessThanOrEqual(CLIENTS.length);
  expect(count.otherCalls()).toBe(0);
  for (const device of back) device.close();
}, 60_000);

test("clients are spread evenly over the shards of the app", () => {
  const app = appOf(world);
  const names = Array.from({ length: 1_000 }, (_, at) => `client ${at}`);
  const shares = Map.groupBy(names, (clientId) => app.shardOf(clientId));
  const sizes = [...shares.values()].map(({ length }) => length);
  expect(sizes).toHaveLength(16);
  expect(Math.max(...sizes)).toBeLessThan((names.length / 16) * 1.5);
});
