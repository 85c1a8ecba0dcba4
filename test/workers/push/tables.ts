import { beforeAll, beforeEach, expect } from "vitest";
import { type SaveResult, saveInstallation } from "../../../src/database/installations/save.ts";
import type { Installation } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { changeInstallation, namesIn } from "../../../src/push/installation-changes.ts";
import { database, world } from "../support/world.ts";

/** Where time stands in these tests (ms). */
export const NOW = Date.parse("2026-11-22T08:00:00.000Z");
export const DAY = 24 * 60 * 60 * 1_000;

/** D1 with no devices in it, anew for each test. */
export function useTables(): () => D1Database {
  beforeAll(() => database());
  beforeEach(async () => {
    const tables = ["installations", "installation_channels", "device_clients"];
    await world.DB.batch(tables.map((table) => world.DB.prepare(`DELETE FROM ${table}`)));
  });
  return () => world.DB;
}

/** As the HTTP API does with a body. */
export function save(
  db: D1Database,
  changes: JsonObject,
  { id, now = NOW }: { id?: string; now?: number } = {},
) {
  return saveInstallation(db, {
    names: { ...namesIn(changes), id },
    change: (before) => changeInstallation(before, changes),
    now,
    takesId: true,
    admits: async () => true,
  });
}

/** The installation that a save led to. */
export function kept(saved: SaveResult): Installation {
  if (!("installation" in saved)) throw new Error(`not saved: ${JSON.stringify(saved)}`);
  return saved.installation;
}

export const phone = { deviceType: "ios", deviceToken: "a1b2", apnsTopic: "com.example.cheese" };
export const tablet = { deviceType: "android", installationId: "tablet-1" };

interface Row {
  id: string;
  device_token: string | null;
  installation_id: string | null;
  channels: string;
}

/** The channels of each installation there is, sorted, by what it is called. Both tables must say the same. */
export async function channelsByDevice(db: D1Database): Promise<Record<string, string[]>> {
  const [rows, index, clients] = await Promise.all([
    db.prepare("SELECT * FROM installations").all<Row>(),
    db.prepare("SELECT * FROM installation_channels").all<{ channel: string; installation: string }>(),
    db.prepare("SELECT * FROM device_clients").all<{ device: string; client_id: string }>(),
  ]);
  const inRows = rows.results.flatMap(({ id, channels }) => parsed(channels).map((each) => `${id} ${each}`));
  const inIndex = index.results.map(({ channel, installation }) => `${installation} ${channel}`);
  expect(inIndex.sort()).toEqual(inRows.sort());
  const found: Record<string, string[]> = {};
  for (const { device_token, installation_id, channels } of rows.results) {
    const names = [device_token, installation_id];
    const here = clients.results.filter(({ device }) => names.includes(device)).map((each) => each.client_id);
    // C-12: whoever is logged in there is among them.
    expect(parsed(channels)).toEqual(expect.arrayContaining(here));
    expect(new Set(parsed(channels)).size).toBe(parsed(channels).length);
    found[installation_id ?? device_token ?? ""] = parsed(channels).sort();
  }
  return found;
}

function parsed(channels: string): string[] {
  return JSON.parse(channels);
}

/** D1 in which something happens between what one caller reads and what he writes, once. */
export function meanwhile(db: D1Database, action: () => Promise<unknown>): D1Database {
  let happened = false;
  return new Proxy(db, {
    get(target, name) {
      if (name !== "batch") {
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (statements: D1PreparedStatement[]) => {
        if (!happened) {
          happened = true;
          await action();
        }
        return target.batch(statements);
      };
    },
  });
}
