import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { defaultSettings } from "../../../src/settings/schema.ts";
import { patchSettings, readSettings, settingsOf } from "../../../src/settings/store.ts";
import { openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
beforeEach(() => world.DB.prepare("DELETE FROM settings").run());

const stored = () => world.DB.prepare("SELECT value FROM settings").first("value");

test("without a row everything is a default", async () => {
  expect(await readSettings(world)).toEqual(defaultSettings(false));
});

test("only what was set is kept, so a default can still change", async () => {
  await patchSettings(world, { limits: { members: 7 } });
  expect(await stored()).toBe('{"limits":{"members":7}}');
  expect((await readSettings(world)).limits).toEqual({ ...defaultSettings(false).limits, members: 7 });
});

test("a patch keeps what it does not name, and null takes an override back", async () => {
  await patchSettings(world, { limits: { members: 7, messageBytes: 100 }, messages: { allowEdit: true } });
  const settings = await patchSettings(world, { limits: { members: null, linksPerSession: 5 } });
  expect(settings.limits).toMatchObject({ members: 500, messageBytes: 100, linksPerSession: 5 });
  expect(settings.messages.allowEdit).toBe(true);
  expect(await patchSettings(world, { limits: null, messages: null })).toEqual(defaultSettings(false));
});

test("a first patch stores no nulls", async () => {
  await patchSettings(world, { limits: { members: null } });
  expect(await readSettings(world)).toEqual(defaultSettings(false));
});

test("patches at the same time all count", async () => {
  await Promise.all([
    patchSettings(world, { limits: { members: 11 } }),
    patchSettings(world, { limits: { messageBytes: 12 } }),
    patchSettings(world, { messages: { allowRecall: true } }),
  ]);
  const settings = await readSettings(world);
  expect(settings.limits).toMatchObject({ members: 11, messageBytes: 12 });
  expect(settings.messages.allowRecall).toBe(true);
});

test("a patch counts in this isolate at once", async () => {
  await settingsOf(world).get();
  await patchSettings(world, { limits: { members: 13 } });
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
});
