import { beforeAll, beforeEach, expect, test } from "vitest";
import { defaultSettings } from "../../../src/settings/schema.ts";
import { appKeys, http, masterKeys, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
beforeEach(() => world.DB.prepare("DELETE FROM settings").run());

const patch = (body: string, headers: Record<string, string> = masterKeys) =>
  http("/admin/settings", { method: "PATCH", headers, body });

test.each([{}, appKeys, { ...masterKeys, "x-lc-key": "wrong,master" }])(
  "is for the master key, not for %j",
  async (headers) => {
    for (const method of ["GET", "PATCH"]) {
      const response = await http("/admin/settings", {
        method,
        headers: { ...headers },
        ...(method === "PATCH" && { body: '{"limits":{"members":3}}' }),
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ code: 401, error: "Unauthorized." });
    }
    expect(await world.DB.prepare("SELECT count(*) AS n FROM settings").first("n")).toBe(0);
  },
);

test("lists every setting with its value", async () => {
  const response = await http("/admin/settings", { headers: masterKeys });
  expect(await response.json()).toEqual(defaultSettings(false));
});

test("answers a patch with what counts from then on", async () => {
  const response = await patch('{"limits":{"members":3}}');
  expect(response.status).toBe(200);
  const expected = { ...defaultSettings(false), limits: { ...defaultSettings(false).limits, members: 3 } };
  expect(await response.json()).toEqual(expected);
  expect(await (await http("/admin/settings", { headers: masterKeys })).json()).toEqual(expected);
});

test("null sets a field back", async () => {
  await patch('{"limits":{"members":3}}');
  expect(await (await patch('{"limits":{"members":null}}')).json()).toEqual(defaultSettings(false));
});

test.each([
  ["", 107, /Malformed JSON/],
  ["{", 107, /Malformed JSON/],
  ['{"__proto__":{"members":1}}', 107, /__proto__/],
  ["[]", 105, /^settings: /],
  ['{"limits":{"members":0}}', 105, /^limits\.members: /],
  ['{"limits":{"nope":1}}', 105, /^limits\.nope: is not a setting/],
  ['{"messages":{"allowEdit":"yes"}}', 105, /^messages\.allowEdit: /],
])("refuses %j with 400 and code %i, and stores nothing", async (body, code, error) => {
  const response = await patch(body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
  expect(await world.DB.prepare("SELECT count(*) AS n FROM settings").first("n")).toBe(0);
});
