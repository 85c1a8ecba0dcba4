import { beforeAll, describe, expect, test } from "vitest";
import { named, start } from "../support/chat.ts";
import { Device } from "../support/device.ts";
import { configure, http, masterKeys, maybeEvict, openWorld } from "../support/world.ts";
import { answering, ask } from "./ask.ts";

beforeAll(() => openWorld());

const PATH = "/1.2/rtm/conversations";

interface Row {
  objectId: string;
  m: string[];
  [column: string]: unknown;
}

async function create(body: object): Promise<Row> {
  const response = await http(PATH, { method: "POST", headers: masterKeys, body: JSON.stringify(body) });
  expect(response.status).toBe(200);
  return response.json();
}

async function find(where: object, path = PATH, more = ""): Promise<Row[]> {
  const query = `where=${encodeURIComponent(JSON.stringify(where))}${more}`;
  const response = await http(`${path}?${query}`, { headers: masterKeys });
  expect(response.status).toBe(200);
  const { results } = await response.json<{ results: Row[] }>();
  return results;
}

describe("[A-01] creating", () => {
  test("answers the row, with the app's own columns", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = await create({ name: "Cheese", m: [tom, jerry, tom], c: tom, attr: { holes: 3 }, kind: "b" });
    expect(row).toEqual({
      ...{ objectId: expect.stringMatching(/^[0-9a-f]{24}$/), name: "Cheese", c: tom, kind: "b" },
      ...{ m: [jerry, tom], mu: [], attr: { holes: 3 }, unique: false, conv_type: 1 },
      ...{ createdAt: expect.stringMatching(/Z$/), updatedAt: expect.stringMatching(/Z$/) },
    });
    await maybeEvict();
    expect(await find({ objectId: row.objectId })).toEqual([row]);
  });

  test("who creates it is no member by that, and may be nobody", async () => {
    const [tom] = named("tom");
    expect((await create({ c: tom })).m).toEqual([]);
    expect(await create({ m: [] })).toMatchObject({ c: "", m: [] });
  });

  test("[B-03] [B-04] a unique one is the same for the app's server and its clients", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await Device.of(tom);
    const chat = await start(toms, [tom, jerry], { unique: true });
    const row = await create({ m: [jerry, tom], unique: true });
    expect(row).toMatchObject({ objectId: chat, unique: true, c: tom });
    await maybeEvict();
    const [mary] = named("mary");
    const other = await create({ m: [tom, mary], unique: true });
    expect(await start(toms, [mary, tom], { unique: true })).toBe(other.objectId);
  });

  test("[B-04] `uniqueId` is the digest of the members together", async () => {
    const { uniqueId } = await create({ m: ["bob", "alice"], unique: true });
    expect(uniqueId).toBe("ec0048c7d6b5a11cdb261b71a813eff3");
  });

  test.each([
    [{ unique: true }, 400, 105, /^m: /],
    [{ m: "Tom" }, 400, 105, /^m: /],
    [{ m: ["Tom", ""] }, 400, 105, /^m\.1: /],
    [{ m: ["Tom"], name: 7 }, 400, 105, /^name: /],
    [{ m: ["Tom"], attr: [] }, 400, 105, /^attr: /],
    [{ m: ["Tom"], unique: "yes" }, 400, 105, /^unique: /],
    [{ m: ["Tom"], name: "x".repeat(256) }, 400, 4301, /name/],
    [[], 400, 105, /./],
    [7, 400, 105, /./],
  ])("%j is refused with %i and %i", async (body, status, code, error) => {
    const response = await http(PATH, { method: "POST", headers: masterKeys, body: JSON.stringify(body) });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
  });

  test("[L-06] more members than the setting allows are refused", async () => {
    await configure({ limits: { members: 2 } });
    const body = JSON.stringify({ m: named("tom", "jerry", "mary") });
    const response = await http(PATH, { method: "POST", headers: masterKeys, body });
    await configure({ limits: { members: null } });
    expect([response.status, await response.json()]).toMatchObject([409, { code: 4304 }]);
  });
});

describe("[A-01] [A-06] finding", () => {
  test("by any condition, oldest first, page by page", async () => {
    const [name = ""] = named("page");
    for (const place of [1, 2, 3]) await create({ name, place });
    expect((await find({ name })).map(({ place }) => place)).toEqual([1, 2, 3]);
    expect((await find({ name }, PATH, "&skip=1&limit=1")).map(({ place }) => place)).toEqual([2]);
    expect(await find({ name, place: { $gt: 2 } })).toHaveLength(1);
    expect(await find({ name }, PATH, "&limit=0")).toHaveLength(3);
    expect(await find({ name }, PATH, "&limit=5000")).toHaveLength(3);
  });

  test("without conditions all are meant, not those of somebody", async () => {
    const [name = ""] = named("every");
    const { objectId } = await create({ name });
    for (const path of [PATH, "/1.2/rtm/all-conversations"]) {
      const response = await http(`${path}?limit=1000`, { headers: masterKeys });
      const { results } = await response.json<{ results: Row[] }>();
      expect(results.map((row) => row.objectId)).toContain(objectId);
    }
  });

  test.each(["{", "[]", "7", '"x"', '{"$where":"1"}', '{"__proto__":{"a":1}}'])(
    "where=%s is refused",
    async (where) => {
      const response = await http(`${PATH}?where=${encodeURIComponent(where)}`, { headers: masterKeys });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ code: expect.any(Number), error: expect.any(String) });
    },
  );
});

describe("[A-01] changing", () => {
  const done = { updatedAt: 1_700_000_000_000 };
  const asked: unknown[] = [];
  const env = answering({
    conversations: {
      change: async (changes) => {
        asked.push(changes);
        return done;
      },
      addMembers: async (clientIds) => {
        asked.push(["add", ...clientIds]);
        return done;
      },
      removeMembers: async (clientIds) => {
        asked.push(["remove", ...clientIds]);
        return done;
      },
      setMuted: async (clientIds, muted) => {
        asked.push([muted ? "mute" : "unmute", ...clientIds]);
        return done;
      },
      members: async () => ({ members: ["Jerry", "Tom"], muted: ["Tom"] }),
    },
  });
  const to = (method: string, path: string, body?: object) =>
    ask(`http://im.example.com${PATH}/c1${path}`, {
      ...{ method, headers: masterKeys, env },
      ...(body && { body: JSON.stringify(body) }),
    });

  test.each([
    ["PUT", "", { name: "x", "attr.a": { __op: "Delete" } }, { name: "x", "attr.a": { __op: "Delete" } }],
    ["POST", "/members", { client_ids: ["Tom"] }, ["add", "Tom"]],
    ["DELETE", "/members", { client_ids: ["Tom", "Jerry"] }, ["remove", "Tom", "Jerry"]],
    ["POST", "/mutes", { client_ids: ["Tom"] }, ["mute", "Tom"]],
    ["DELETE", "/mutes", { client_ids: ["Tom"] }, ["unmute", "Tom"]],
  ])("%s …%s takes its body, %j, and answers when", async (method, path, body, expected) => {
    asked.length = 0;
    const response = await to(method, path, body);
    expect(await response.json()).toEqual({ objectId: "c1", updatedAt: "2023-11-14T22:13:20.000Z" });
    expect(asked).toEqual([expected]);
  });

  test("members and who muted are listed", async () => {
    expect(await (await to("GET", "/members")).json()).toEqual({ result: ["Jerry", "Tom"] });
    expect(await (await to("GET", "/mutes")).json()).toEqual({ result: ["Tom"] });
  });

  test.each([
    ["PUT", "", { m: ["Tom"] }],
    ["POST", "/members", {}],
    ["POST", "/members", { client_ids: [] }],
    ["DELETE", "/members", { client_ids: "Tom" }],
    ["POST", "/mutes", { client_ids: [""] }],
    ["POST", "/mutes", { client_ids: Array.from({ length: 501 }, (_, at) => `c${at}`) }],
  ])("%s …%s refuses %j and asks nobody", async (method, path, body) => {
    asked.length = 0;
    const response = await to(method, path, body);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 105 }]);
    expect(asked).toEqual([]);
  });
});
