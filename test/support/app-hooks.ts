import { AppServer } from "../../src/hooks/app-server/app-server.ts";
import { EngineHooks } from "../../src/hooks/app-server/engine-hooks.ts";
import { AppHooks } from "../../src/hooks/before/app-hooks.ts";
import type { Meter } from "../../src/metrics/meter.ts";
import type { Json } from "../../src/model/json.ts";
import { type Fetch, Outbound } from "../../src/outbound/http-client.ts";
import { type Settings, settingsFrom } from "../../src/settings/schema.ts";
import { unreadMeter } from "./meter.ts";

const keys = { appId: "demo-app", appKey: "demo-key", masterKey: "demoMasterKey0003" };

/** The settings of an app that changed some. */
export function settingsWith(overrides: Json): Settings {
  const { settings, ignored } = settingsFrom(overrides, false);
  if (ignored.length > 0) throw new Error(`no such settings: ${ignored.join(", ")}`);
  return settings;
}

interface Surroundings {
  /** In place of the network, which then leads everywhere. */
  fetch?: Fetch;
  now?: () => number;
  meter?: Meter;
}

/** The app's server behind these settings, as one isolate sees it. */
export function serverWith(
  settings: Settings,
  { fetch: network = fetch, now = Date.now, meter = unreadMeter(now) }: Surroundings = {},
) {
  const list = new EngineHooks();
  return new AppServer(settings, {
    keys,
    outbound: new Outbound("anywhere", { open: network, all: network }),
    hooksAt: () => list,
    meter,
    now,
  });
}

export function hooksWith(overrides: Json, surroundings: Surroundings = {}): AppHooks {
  const settings = settingsWith(overrides);
  const server = serverWith(settings, surroundings);
  let questions = 0;
  return new AppHooks({
    settings: async () => settings,
    server: () => server,
    now: surroundings.now ?? Date.now,
    newId: () => `question-${++questions}`,
  });
}
