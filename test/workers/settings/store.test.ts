import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { appOf } from "../../../src/app/app.ts";
import type { Json } from "../../../src/model/json.ts";
import type { AddressProblem } from "../../../src/settings/address-problems.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import { inspectSettings, patchSettings, readSettings, settingsOf } from "../../../src/settings/store.ts";
import { openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
beforeEach(async () => {
  vi.restoreAllMocks();
  await world.DB.prepare("DELETE FROM settings").run();
});

const stored = () => world.DB.prepare("SELECT value FROM settings").first("value");
const kept = async () => JSON.parse((await appOf(world).keptSettings()) ?? "null");

const anyAddress: AddressProblem = () => undefined;

/** Patches settings and expects them to be taken. */
async function patched(patch: Json, env: Parameters<typeof patchSettings>[0] = world): Promise<Settings> {
  const result = await patchSettings(env, patch, anyAddress);
  if ("problem" in result) throw new Error(result.problem);
  if ("conflict" in result) throw new Error("a conflict");
  return result.settings;
}

/** An isolate that has read nothing yet, with a D1 that does not answer. */
function coldWithoutD1() {
  const prepare = () => {
    throw new Error("down");
  };
  vi.spyOn(console, "error").mockImplementation(() => {});
  return { ...world, DB: Object.assign(Object.create(world.DB), { prepare }) };
}

/** An app's object that does not answer. */
const noObject = {
  getByName(): never {
    throw new Error("gone");
  },
};

test("without a stored row, every setting has its default", async () => {
  expect(await readSettings(world)).toEqual(defaultSettings(false));
});

test("only changed settings are stored, so that a default can still change", async () => {
  await patched({ limits: { members: 7 } });
  expect(await stored()).toBe('{"limits":{"members":7}}');
  expect((await readSettings(world)).limits).toEqual({ ...defaultSettings(false).limits, members: 7 });
});

test("a patch keeps settings that it does not name, and null restores a default", async () => {
  await patched({ limits: { members: 7, messageBytes: 100 }, messages: { allowEdit: true } });
  const settings = await patched({ limits: { members: null, linksPerSession: 5 } });
  expect(settings.limits).toMatchObject({ members: 500, messageBytes: 100, linksPerSession: 5 });
  expect(settings.messages.allowEdit).toBe(true);
  expect(await patched({ limits: null, messages: null })).toEqual(defaultSettings(false));
});

test("a first patch stores no nulls", async () => {
  await patched({ limits: { members: null } });
  expect(await stored()).toBe('{"limits":{}}');
  expect(await readSettings(world)).toEqual(defaultSettings(false));
});

test("concurrent patches all count", async () => {
  await Promise.all([
    patched({ limits: { members: 11 } }),
    patched({ limits: { messageBytes: 12 } }),
    patched({ messages: { allowRecall: true } }),
  ]);
  const settings = await readSettings(world);
  expect(settings.limits).toMatchObject({ members: 11, messageBytes: 12 });
  expect(settings.messages.allowRecall).toBe(true);
});

test("a patch counts in this isolate at once", async () => {
  await settingsOf(world).get();
  await patched({ limits: { members: 13 } });
  expect(settingsOf(world).peek()?.limits.members).toBe(13);
});

test("a demo starts with editing and recalling allowed", async () => {
  const demo = { ...world, DEMO: "1" };
  expect((await readSettings(demo)).messages).toEqual({ allowEdit: true, allowRecall: true });
});

test("a stored field this version does not know is named in the log and resets nothing", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  await world.DB.prepare("INSERT INTO settings (key, value) VALUES ('settings', ?)")
    .bind('{"later":1,"limits":{"members":7}}')
    .run();
  expect((await readSettings(world)).limits.members).toBe(7);
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("later"));
  // Nor does it stand in the way of a patch.
  expect((await patched({ limits: { messageBytes: 12 } })).limits).toMatchObject({
    members: 7,
    messageBytes: 12,
  });
});

describe("patches that are refused", () => {
  test("a patch that sets two ways to check a web token is refused and stores nothing", async () => {
    await patched({ security: { jwt: { secret: "cheese" } } });
    const both = { security: { jwt: { jwksUrl: "https://example.com/keys" } } };
    expect(await patchSettings(world, both, anyAddress)).toEqual({
      problem: "security.jwt: needs a secret or a jwksUrl, and not both",
    });
    expect((await readSettings(world)).security.jwt).toMatchObject({ secret: "cheese", jwksUrl: null });
  });

  test("a patch that leads to an address that may not be called is refused and stores nothing", async () => {
    const publicOnly: AddressProblem = (url, allowPrivate) =>
      url.startsWith("https:") || allowPrivate ? undefined : "must be https";
    const patch = (value: Json) => patchSettings(world, value, publicOnly);
    const url = "http://10.0.0.1/";
    expect(await patch({ hooks: { url }, webhooks: { url }, security: { jwt: { jwksUrl: url } } })).toEqual({
      problem: "hooks.url: must be https; webhooks.url: must be https; security.jwt.jwksUrl: must be https",
    });
    expect(await stored()).toBeNull();
    expect(await patch({ hooks: { url, allowPrivate: true } })).toHaveProperty("settings");
    expect(await patch({ hooks: { allowPrivate: false } })).toEqual({ problem: "hooks.url: must be https" });
    expect(await patch({ hooks: null })).toHaveProperty("settings");
  });
});

describe("[I11] [X-01] with D1 down, an isolate that has read nothing", () => {
  test("[I11] [X-01] with D1 down, an isolate without settings uses the copy of the last ones, so that signatures are still required", async () => {
    await patched({ security: { signLogin: true } });
    const settings = await settingsOf(coldWithoutD1()).get();
    expect(settings.security.signLogin).toBe(true);
  });

  test("[I11] [X-01] the copy for when D1 is down reflects a restored default", async () => {
    await patched({ security: { signLogin: true } });
    await patched({ security: null });
    expect((await settingsOf(coldWithoutD1()).get()).security.signLogin).toBe(false);
  });

  test("[I11] [X-01] with D1 down and no copy, an isolate uses the defaults", async () => {
    await patched({ limits: { members: 7 } });
    const cold = { ...coldWithoutD1(), APP: noObject };
    expect(await settingsOf(cold).get()).toEqual(defaultSettings(false));
  });
});

describe("the copy for when D1 is down", () => {
  test("a copy of the settings that cannot be stored is logged and does not stop a patch", async () => {
    await patched({ limits: { members: 7 } });
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const settings = await patched({ limits: { members: 8 } }, { ...world, APP: noObject });
    expect(settings.limits.members).toBe(8);
    expect(log).toHaveBeenCalledTimes(1);
    expect(await kept()).toEqual({ limits: { members: 7 } });
  });

  test("the copy of the settings is updated when the owner next reads them", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await patched({ limits: { members: 8 } }, { ...world, APP: noObject });
    await inspectSettings(world);
    expect(await kept()).toEqual({ limits: { members: 8 } });
  });

  test("reading settings neither reads nor stores the copy", async () => {
    await patched({ limits: { members: 7 } });
    expect((await readSettings({ ...world, APP: noObject })).limits.members).toBe(7);
  });
});
