import { beforeAll, beforeEach, expect, test } from "vitest";
import { APNS_KEY } from "../../../src/http/examples.ts";
import { readSettings } from "../../../src/settings/store.ts";
import { appKeys, http, masterKeys, openWorld, world } from "../support/world.ts";

beforeAll(() => openWorld());
beforeEach(() => world.DB.prepare("DELETE FROM settings").run());

/** A key of Tom's or Jerry's; no two are alike. */
const keyOf = (name: string) => ({
  teamId: `team-${name}`,
  topics: [`com.example.${name}`],
  privateKey: APNS_KEY.privateKey.replace("MIGT", name),
});

const ask = (method: string, keyId: string, body?: object, headers: Record<string, string> = masterKeys) =>
  http(`/admin/push/apns-keys/${keyId}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });

const stored = async () => (await readSettings(world)).push.apns.keys;

test.each([{}, appKeys])("[I12] Apple's keys need the master key, not %j", async (headers) => {
  expect((await ask("PUT", "tom", keyOf("tom"), { ...headers })).status).toBe(401);
  expect((await ask("DELETE", "tom", undefined, { ...headers })).status).toBe(401);
  expect(await stored()).toEqual([]);
});

test("[P-16] a key of Apple's is added to the others without sending their secrets", async () => {
  await ask("PUT", "tom", keyOf("tom"));
  const response = await ask("PUT", "jerry", keyOf("jerry"));
  expect(response.status).toBe(200);
  const keys = [
    { keyId: "tom", ...keyOf("tom") },
    { keyId: "jerry", ...keyOf("jerry") },
  ];
  expect(await response.json()).toEqual({ results: keys.map((key) => ({ ...key, privateKey: "***" })) });
  expect(await stored()).toEqual(keys);
});

test("[P-16] a key of Apple's with the same id is replaced in its place", async () => {
  for (const name of ["tom", "jerry"]) await ask("PUT", name, keyOf(name));
  await ask("PUT", "tom", keyOf("spike"));
  expect(await stored()).toEqual([
    { keyId: "tom", ...keyOf("spike") },
    { keyId: "jerry", ...keyOf("jerry") },
  ]);
});

test("[P-16] concurrent changes of Apple's keys and of other settings all count", async () => {
  const patch = { method: "PATCH", headers: masterKeys, body: '{"limits":{"members":7}}' };
  const names = ["tom", "jerry", "spike"];
  const answers = await Promise.all([
    ...names.map((name) => ask("PUT", name, keyOf(name))),
    http("/admin/settings", patch),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await stored()).map(({ keyId }) => keyId).toSorted()).toEqual(names.toSorted());
  expect((await readSettings(world)).limits.members).toBe(7);
});

test("[P-16] a key of Apple's is removed, and the others stay", async () => {
  for (const name of ["tom", "jerry"]) await ask("PUT", name, keyOf(name));
  const response = await ask("DELETE", "tom");
  expect(await response.json()).toEqual({
    results: [{ keyId: "jerry", ...keyOf("jerry"), privateKey: "***" }],
  });
  expect(await stored()).toEqual([{ keyId: "jerry", ...keyOf("jerry") }]);
  expect((await ask("DELETE", "tom")).status).toBe(404);
});

test.each([
  [{ ...keyOf("tom"), privateKey: "cheese" }, /^privateKey: must be a private key in PEM/],
  [{ ...keyOf("tom"), privateKey: "***" }, /^privateKey: /],
  [{ ...keyOf("tom"), topics: [] }, /^topics: must name a topic/],
  [{ ...keyOf("tom"), keyId: "tom" }, /^keyId: is not a setting/],
  [{ topics: ["com.example.tom"], privateKey: keyOf("tom").privateKey }, /^teamId: /],
])("[P-16] a key of Apple's with %j is refused with 400 and code 105", async (body, error) => {
  const response = await ask("PUT", "tom", body);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ code: 105, error: expect.stringMatching(error) });
  expect(await stored()).toEqual([]);
});
