import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { defaultSettings } from "../../../src/settings/schema.ts";
import { readSettings } from "../../../src/settings/store.ts";
import { appKeys, http, masterKeys, openWorld, world } from "../support/world.ts";
import { allOperations, contentOf, successOf } from "./operations.ts";
import { misfit } from "./schema.ts";

beforeAll(() => openWorld());
beforeEach(() => world.DB.prepare("DELETE FROM settings").run());

const patch = (body: string, headers: Record<string, string> = masterKeys) =>
  http("/admin/settings", { method: "PATCH", headers, body });

test.each([{}, appKeys, { ...masterKeys, "x-lc-key": "wrong,master" }])(
  "settings need the master key, not %j",
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

test("GET /admin/settings lists every setting with its value", async () => {
  const response = await http("/admin/settings", { headers: masterKeys });
  expect(await response.json()).toEqual(defaultSettings(false));
});

test("a patch of settings is answered with those that apply from then on", async () => {
  const response = await patch('{"limits":{"members":3}}');
  expect(response.status).toBe(200);
  const expected = { ...defaultSettings(false), limits: { ...defaultSettings(false).limits, members: 3 } };
  expect(await response.json()).toEqual(expected);
  expect(await (await http("/admin/settings", { headers: masterKeys })).json()).toEqual(expected);
});

test("null in a patch of settings resets a field", async () => {
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
  ['{"hooks":{"key":"***"}}', 105, /^hooks\.key: is shown as \*\*\*/],
  ['{"security":{"jwt":{}}}', 105, /^security\.jwt: needs a secret or a jwksUrl/],
  ['{"keywords":{"version":"v"}}', 105, /^keywords\.version: is set by PUT \/admin\/keywords$/],
])(
  "a patch of settings with %j is refused with 400 and code %i, and stores nothing",
  async (body, code, error) => {
    const response = await patch(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
    expect(await world.DB.prepare("SELECT count(*) AS n FROM settings").first("n")).toBe(0);
  },
);

test("[I12] answers show whether secrets are set, not the secrets, and null removes them", async () => {
  const secrets = {
    hooks: { key: "the hook key" },
    webhooks: { secret: "the webhook secret" },
    security: { jwt: { secret: "the token secret", issuer: "tom" } },
  };
  const answers = [
    await patch(JSON.stringify(secrets)),
    await http("/admin/settings", { headers: masterKeys }),
  ];
  for (const answer of answers) {
    expect(await answer.json()).toMatchObject({
      hooks: { key: "***" },
      webhooks: { secret: "***" },
      security: { jwt: { secret: "***", jwksUrl: null, issuer: "tom" } },
    });
  }
  expect(await readSettings(world)).toMatchObject(secrets);
  const without = await patch('{"hooks":null,"webhooks":{"secret":null},"security":null}');
  expect(await without.json()).toEqual(defaultSettings(false));
});

test("[I12] the placeholder of a secret matches the schema of answers, not of requests", async () => {
  await patch('{"hooks":{"key":"the hook key"},"security":{"jwt":{"secret":"the token secret"}}}');
  const shown: Json = await (await http("/admin/settings", { headers: masterKeys })).json();
  for (const described of await allOperations()) {
    if (described.path !== "/admin/settings") continue;
    expect(misfit(successOf(described).schema, shown)).toBeUndefined();
    const { schema } = contentOf(described.operation.requestBody);
    if (schema !== undefined) expect(misfit(schema, shown)).toMatch(/secret .*"not"/);
  }
});

test("the placeholder of a secret cannot be stored over the secret", async () => {
  await patch('{"hooks":{"key":"the hook key"}}');
  const shown = await (await http("/admin/settings", { headers: masterKeys })).text();
  expect((await patch(shown)).status).toBe(400);
  expect((await readSettings(world)).hooks.key).toBe("the hook key");
});

test("a patch of settings over 64 KB is refused with 413", async () => {
  const response = await patch(`{"limits":{"members":3}}${" ".repeat(65_536)}`);
  expect(response.status).toBe(413);
  expect(await response.json()).toEqual({ code: 413, error: "The body is too large: at most 65536 bytes." });
  expect(await readSettings(world)).toEqual(defaultSettings(false));
});

test("the second of two owners who change the same settings gets the current ones, and changes nothing", async () => {
  const read = async () => (await http("/admin/settings", { headers: masterKeys })).headers.get("etag") ?? "";
  const seen = await read();
  expect(seen).toMatch(/^"[\da-f]{32}"$/);
  const first = await patch('{"limits":{"members":3}}', { ...masterKeys, "if-match": seen });
  expect(first.status).toBe(200);
  expect(first.headers.get("etag")).toBe(await read());
  const second = await patch('{"limits":{"members":4}}', { ...masterKeys, "if-match": seen });
  expect(second.status).toBe(412);
  expect(await second.json()).toMatchObject({ code: 412, settings: { limits: { members: 3 } } });
  const again = second.headers.get("etag") ?? "";
  expect(again).toBe(await read());
  for (const tag of [again, `W/${again}`, `"x", ${again}`, "*"]) {
    const now = await patch('{"limits":{"members":3}}', { ...masterKeys, "if-match": tag });
    expect([tag, now.status]).toEqual([tag, 200]);
  }
});

test("of two owners who save at the same moment, one is refused", async () => {
  const tag = (await http("/admin/settings", { headers: masterKeys })).headers.get("etag") ?? "";
  const saved = [3, 4, 5].map((members) =>
    patch(JSON.stringify({ limits: { members } }), { ...masterKeys, "if-match": tag }),
  );
  const statuses = (await Promise.all(saved)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([200, 412, 412]);
});

test("a conflict of settings shows no secret", async () => {
  await patch('{"webhooks":{"secret":"cheese-cheese"}}');
  const refused = await patch('{"limits":{"members":4}}', { ...masterKeys, "if-match": '"old"' });
  const text = await refused.text();
  expect([refused.status, text.includes("***"), text.includes("cheese")]).toEqual([412, true, false]);
});
