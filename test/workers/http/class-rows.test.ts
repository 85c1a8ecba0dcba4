import { beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { look, named, notices, settle } from "../../support/chat.ts";
import { cheeseChat, onlineClients } from "../support/pair-chat.ts";
import { conversationOf, done, outcome, rest } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { appKeys, configure, maybeHibernate, openWorld } from "../support/world.ts";

/** Conversations as rows of a class (http-api §4): what storage SDKs and other back ends make of them. */

beforeAll(() => openWorld());

const CLASS = "/1.1/classes/_Conversation";
const NOWHERE = "65537a0e0000000000000009";

interface Row {
  objectId: string;
  m: string[];
  mu: string[];
  [column: string]: unknown;
}

const create = (body: object) => done<Row>("POST", CLASS, body);
const read = (id: string) => done<Row>("GET", `${CLASS}/${id}`);

interface Rows {
  results: Row[];
  count?: number;
}

function find(query: object): Promise<Rows> {
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, text(value)]));
  return done("GET", `${CLASS}?${search}`);
}

async function refusal(response: Promise<Response>): Promise<[number, string]> {
  const { code, error } = await (await response).json<{ code: number; error: string }>();
  return [code, error];
}

describe("[B-19] conversations as rows of a class", () => {
  test("[B-19] rows are created, read, changed and deleted as by the Python SDK, and members are notified", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const { spike, spikes } = await onlineClients("spike");
    const made = await done<{ objectId: string }>("POST", `${CLASS}?fetchWhenSave=false`, {
      name: "cheese",
      unique: false,
      m: [tom, jerry],
    });
    const row = `${CLASS}/${made.objectId}`;
    await done("PUT", row, { m: { __op: "AddUnique", objects: [spike] } });
    const joined = await spikes.push("conv");
    expect(joined.convMessage?.cid).toBe(made.objectId);
    await done("PUT", row, { m: { __op: "Remove", objects: [jerry] } });
    await done("PUT", row, { name: "gouda", "attr.holes": 3 });
    expect(await done("GET", row)).toMatchObject({
      objectId: made.objectId,
      name: "gouda",
      m: [tom, spike],
      attr: { holes: 3 },
    });
    await done("DELETE", row, {});
    expect(await outcome(rest("GET", row))).toBe("404 101");
  });

  test("[B-19] rows are found by any condition, in the requested order", async () => {
    const [tom] = named("tom");
    const first = await create({ m: [tom], name: "first" });
    const second = await create({ m: { __op: "Add", objects: [tom] }, name: "second" });
    const found = async (more: Record<string, Json>) =>
      (await find({ where: { m: tom }, ...more })).results.map(({ objectId }) => objectId);
    expect(await found({})).toEqual([first.objectId, second.objectId]);
    expect(await found({ order: "-name" })).toEqual([second.objectId, first.objectId]);
    expect(await found({ limit: 1, skip: 1 })).toEqual([second.objectId]);
  });

  test("[B-19] a query without a condition, or with an empty one, finds all rows", async () => {
    const { objectId } = await create({ m: named("tom") });
    for (const query of [{}, { where: {} }, { where: "{}", keys: "name", include: "" }]) {
      const { results } = await find({ ...query, limit: 1000, order: "-createdAt" });
      expect(results.map((row) => row.objectId)).toContain(objectId);
    }
  });

  test("[B-19] rows are counted, alone with limit 0 or beside a page", async () => {
    const [name = ""] = named("counted");
    for (const place of [1, 2, 3]) await create({ name, place });
    const where = { name };
    expect(await find({ where, count: 1, limit: 0 })).toEqual({ results: [], count: 3 });
    const { results, count } = await find({ where, count: "true", limit: 2, skip: 1 });
    expect([results.map(({ place }) => place), count]).toEqual([[2, 3], 3]);
    expect(await find({ where: { name, place: { $gt: 9 } }, count: 1 })).toEqual({ results: [], count: 0 });
    expect((await find({ where, count: 0 })).count).toBeUndefined();
    const all = await find({ where: {}, count: 1, limit: 0 });
    expect(all.count).toBeGreaterThanOrEqual(3);
    expect(await outcome(rest("GET", `${CLASS}?count=1&limit=0&where={"a":{"$like":1}}`))).toBe("400 102");
  });

  test("[B-19] other classes are refused with an explanation", async () => {
    expect(await outcome(rest("GET", "/1.1/classes/Todo"))).toBe("404 404");
  });
});

describe("[B-19] a change of a row", () => {
  /** The same, with Spike online. */
  async function cheeseRow() {
    const chat = await cheeseChat();
    return { ...chat, row: `${CLASS}/${chat.id}`, spikes: await WorkerdDevice.of(chat.spike) };
  }

  test("[B-19] a change that sets `m` to a list adds new members, removes missing ones, and notifies all", async () => {
    const { tom, jerry, spike, id, row, toms, spikes } = await cheeseRow();
    await done("PUT", row, { m: [tom, spike, tom], name: "Bones" });
    await spikes.push("conv", "members_joined");
    await toms.push("conv", "members_joined");
    expect(notices(toms, id)).toEqual(
      expect.arrayContaining([`members_left ${jerry} by `, `members_joined ${spike} by `]),
    );
    await maybeHibernate();
    expect(await read(id)).toMatchObject({ m: [tom, spike], name: "Bones" });
    expect((await find({ where: { m: jerry } })).results).toEqual([]);
    await done("PUT", row, { m: [] });
    expect((await read(id)).m).toEqual([]);
  });

  test("[B-19] [M-46] a change sets `mu` to a list, adds to it and removes from it", async () => {
    const { tom, jerry, id, row, toms } = await cheeseRow();
    await done("PUT", row, { mu: [tom] });
    expect(await look(toms, id)).toMatchObject({ mu: [tom] });
    await done("PUT", row, { mu: { __op: "Add", objects: [jerry] } });
    expect((await read(id)).mu.toSorted()).toEqual([tom, jerry].toSorted());
    await done("PUT", row, { mu: { __op: "Remove", objects: [tom] } });
    expect((await read(id)).mu).toEqual([jerry]);
    await done("PUT", row, { mu: [] });
    expect((await read(id)).mu).toEqual([]);
  });

  test("[B-19] a deletion under a condition is refused on every route", async () => {
    const { id, row } = await cheeseRow();
    const where = encodeURIComponent('{"name":"other"}');
    for (const path of [row, `/1.2/rtm/conversations/${id}`]) {
      expect(await outcome(rest("DELETE", `${path}?where=${where}`))).toBe("400 1");
    }
    const requests = [{ method: "DELETE", path: row, params: { where: { name: "other" } } }];
    const [part] = await done<{ error: { code: number } }[]>("POST", "/1.1/batch", { requests });
    expect(part?.error.code).toBe(1);
    expect((await read(id)).objectId).toBe(id);
    const device = await done<Row>("POST", "/1.1/installations", { deviceType: "ios", deviceToken: id });
    const path = `/1.1/installations/${device.objectId}`;
    expect(await outcome(rest("DELETE", `${path}?where=${where}`))).toBe("400 1");
    expect((await done<Row>("GET", path)).objectId).toBe(device.objectId);
  });

  test("[B-19] a change answers the new time of the row, and with fetchWhenSave or new the whole row", async () => {
    const { id, row } = await cheeseRow();
    const short = await done<Row>("PUT", row, { name: "More" });
    expect(short).toEqual({ objectId: id, updatedAt: expect.stringMatching(/Z$/) });
    for (const flag of ["fetchWhenSave=true", "new=true"]) {
      const full = await done<Row>("PUT", `${row}?${flag}`, {
        "attr.holes": { __op: "Increment", amount: 1 },
      });
      expect(full).toEqual(await read(id));
    }
    expect(await read(id)).toMatchObject({ name: "More", attr: { holes: 5 } });
  });

  test.each([
    [{ m: { __op: "Delete" } }, /^m: /],
    [{ m: "Tom" }, /^m: /],
    [{ m: [""] }, /^m/],
    [{ m: null }, /^m: /],
    [{ mu: [NOWHERE] }, /^mu: .* is no member/],
    [{ c: "Spike" }, /^c: /],
    [{ unique: true }, /^unique: /],
    [{ uniqueId: "x" }, /^uniqueId: /],
    [{ muted: true }, /^muted: /],
    [{ msg: "x" }, /^msg: /],
    [{ ttl: 7 }, /^ttl: /],
    [{ joined: true }, /^joined: /],
    [{ bin: false }, /^bin: /],
    [{ lm: { __type: "Date", iso: "2020-01-01T00:00:00.000Z" } }, /^lm: /],
    [{ objectId: NOWHERE }, /^objectId: /],
    [{ createdAt: "2020-01-01T00:00:00.000Z" }, /^createdAt: /],
    [{ tr: true }, /^tr: chat rooms/],
    [{ sys: true }, /^sys: service/],
    [{ "m.0": "Spike" }, /^m\.0: /],
  ])("[B-19] a change with %j is refused by name, and nothing of its body is done", async (body, words) => {
    const { id, row } = await cheeseRow();
    const before = await read(id);
    expect(await refusal(rest("PUT", row, { name: "More", ...body }))).toEqual([
      105,
      expect.stringMatching(words),
    ]);
    expect(await read(id)).toEqual(before);
  });

  test("[B-19] a change ignores what storage SDKs add to every body", async () => {
    const { id, row } = await cheeseRow();
    const extra = {
      ACL: { "*": { read: true } },
      className: "_Conversation",
      __type: "Object",
      __internalId: "x",
    };
    await done("PUT", row, { name: "More", sys: false, tr: false, ...extra });
    const changed = await read(id);
    expect(changed.name).toBe("More");
    for (const key of Object.keys(extra)) expect(changed).not.toHaveProperty(key);
  });

  test("[B-19] an empty change notifies nobody and keeps the time", async () => {
    const { id, row, toms } = await cheeseRow();
    const before = await read(id);
    expect(await done("PUT", row, {})).toEqual({ objectId: id, updatedAt: before.updatedAt });
    await settle(id, toms);
    expect(notices(toms, id)).toEqual([]);
  });

  test("[B-19] [L-06] a change beyond the limit of members is refused as a whole", async () => {
    const { id, row, spike } = await cheeseRow();
    await configure({ limits: { members: 2 } });
    const body = { name: "More", m: { __op: "Add", objects: [spike] } };
    expect(await outcome(rest("PUT", row, body))).toBe("409 4304");
    await configure({ limits: { members: null } });
    expect((await read(id)).name).toBe("Cheese");
  });

  test.each([
    [{ name: "other" }, false],
    [{ name: "Cheese" }, true],
    [{ "attr.holes": { $gt: 3 } }, false],
    [{ "attr.holes": { $gte: 3 }, name: { $ne: "other" } }, true],
    [{ m: "nobody" }, false],
    [{ objectId: { $exists: true }, tr: { $exists: false } }, true],
    [{ $or: [{ name: "other" }, { m: { $size: 2 } }] }, true],
    [{ name: { $regex: "^Chee" } }, true],
    [{ createdAt: { $lt: { __type: "Date", iso: "2020-01-01T00:00:00.000Z" } } }, false],
    [{}, true],
  ])("[B-19] a change under the condition %j is made: %j", async (where, expected) => {
    const { id, row } = await cheeseRow();
    const query = `?where=${encodeURIComponent(JSON.stringify(where))}`;
    const answer = await outcome(rest("PUT", row + query, { name: "More" }));
    expect(answer).toBe(expected ? "200" : "400 305");
    expect((await read(id)).name).toBe(expected ? "More" : "Cheese");
  });

  test("[B-19] a condition is checked against the current row: of ten changes that count down from 3, three are made", async () => {
    const { id, row } = await cheeseRow();
    const query = `?where=${encodeURIComponent(JSON.stringify({ "attr.holes": { $gt: 0 } }))}`;
    const body = { "attr.holes": { __op: "Increment", amount: -1 } };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => outcome(rest("PUT", row + query, body))),
    );
    expect(answers.filter((answer) => answer === "200")).toHaveLength(3);
    expect(answers.filter((answer) => answer === "400 305")).toHaveLength(7);
    expect((await read(id)).attr).toEqual({ holes: 0 });
  });

  test("[B-19] a change under an unknown condition is refused", async () => {
    const { row } = await cheeseRow();
    for (const [where, expected] of [
      ['{"name":{"$like":"x"}}', "400 102"],
      ['{"name":{"$regex":"C.*e"}}', "400 102"],
      ["{", "400 1"],
      ["[]", "400 1"],
    ]) {
      expect(
        await outcome(rest("PUT", `${row}?where=${encodeURIComponent(where ?? "")}`, { name: "x" })),
      ).toBe(expected);
    }
  });
});

describe("[B-19] a row is created", () => {
  test("[B-19] a row is created with its muting members, as a list or an operation", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const listed = await create({ m: [tom, jerry], mu: [jerry] });
    expect(listed).toMatchObject({ m: [jerry, tom], mu: [jerry] });
    expect(await read(listed.objectId)).toEqual(listed);
    const added = await create({ m: [tom], mu: { __op: "AddUnique", objects: [tom] }, ACL: {} });
    expect(added).toMatchObject({ mu: [tom] });
    expect(added).not.toHaveProperty("ACL");
  });

  test.each([
    [{ objectId: NOWHERE }, /^objectId: /],
    [{ createdAt: "2020-01-01T00:00:00.000Z" }, /^createdAt: /],
    [{ lm: { __type: "Date", iso: "2020-01-01T00:00:00.000Z" } }, /^lm: /],
    [{ mu: ["Spike"] }, /^mu: Spike is no member/],
    [{ m: { __op: "Remove", objects: ["Tom"] } }, /^m: /],
    [{ tr: true }, /^tr: chat rooms/],
    [{ sys: true }, /^sys: service/],
    [{ unique: "yes" }, /^unique: /],
  ])("[B-19] a new row with %j is refused by name", async (body, words) => {
    expect(await refusal(rest("POST", CLASS, { m: ["Tom"], ...body }))).toEqual([
      105,
      expect.stringMatching(words),
    ]);
  });
});

describe("[B-19] /1.1/batch with conversations", () => {
  type Outcome = { success?: Partial<Row> & Partial<Rows>; error?: { code: number; error: string } };

  const batch = (requests: Json) => done<Outcome[]>("POST", "/1.1/batch", { requests });
  const codes = (outcomes: Outcome[]) => outcomes.map(({ error }) => error?.code);

  test("[B-19] a batch does its parts separately and in order, and answers each", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const [made] = await batch([{ method: "POST", path: "/1.1/classes/_Conversation", body: { m: [tom] } }]);
    const id = made?.success?.objectId ?? "";
    const row = `/1.1/classes/_Conversation/${id}`;
    const outcomes = await batch([
      {
        method: "PUT",
        path: row,
        body: { m: { __op: "Add", objects: [jerry] } },
        params: { fetchWhenSave: true },
      },
      { method: "PUT", path: row, body: { name: "x" }, params: { where: { name: "other" } } },
      { method: "PUT", path: row, body: { c: tom } },
      { method: "GET", path: row },
      { method: "GET", path: `/1.1/classes/_Conversation/${NOWHERE}` },
      { method: "GET", path: "/1.1/classes/Todo" },
      { method: "POST", path: row, body: {} },
      { method: "DELETE", path: row, body: {} },
      { method: "DELETE", path: row },
    ]);
    expect(codes(outcomes)).toEqual([undefined, 305, 105, undefined, 101, 404, 105, undefined, 4303]);
    expect(outcomes[0]?.success).toMatchObject({ objectId: id, m: [tom, jerry] });
    expect(outcomes[3]?.success).toMatchObject({ objectId: id, m: [tom, jerry] });
    expect(outcomes[7]?.success).toEqual({});
  });

  test("[B-19] a batch accepts the paths of all SDKs, in every version and spelling", async () => {
    const id = await conversationOf(named("tom"));
    for (const path of [
      `/1.1/classes/_Conversation/${id}`,
      `1.1/classes/_Conversation/${id}`,
      `/1/classes/_Conversation/${id}`,
      `/classes/_Conversation/${id}/`,
      `//1.1//classes/_Conversation/${id}`,
      `https://im.example.com/1.1/classes/_Conversation/${id}`,
    ]) {
      const [{ success } = {}] = await batch([{ method: "get", path }]);
      expect(success?.objectId).toBe(id);
    }
  });

  test("[B-19] a batch finds by a condition too long for a URL, as JavaScript does", async () => {
    const [name = ""] = named("long");
    const ids: string[] = [];
    for (const _ of [1, 2, 3]) ids.push((await create({ name })).objectId);
    const many = Array.from({ length: 100 }, (_, at) => `65537a0e${String(at).padStart(16, "0")}`);
    const params = { where: { objectId: { $in: [...ids, ...many] }, name }, limit: 1000, count: 1 };
    for (const where of [params.where, JSON.stringify(params.where)]) {
      const path = "/1.1/classes/_Conversation";
      const [{ success } = {}] = await batch([{ method: "GET", path, params: { ...params, where } }]);
      expect(success?.results?.map(({ objectId }) => objectId)).toEqual(ids);
      expect(success?.count).toBe(3);
    }
  });

  test("[B-19] a batch deletes several rows by one path, as JavaScript does", async () => {
    const ids = [await conversationOf(["Tom"]), await conversationOf(["Tom"])];
    const path = `/1.1/classes/_Conversation/${ids.join(",")}`;
    expect(await batch([{ method: "DELETE", path, body: {} }])).toEqual([{ success: {} }]);
    for (const id of ids) expect(await outcome(rest("GET", `${CLASS}/${id}`))).toBe("404 101");
    const [read] = await batch([{ method: "GET", path }]);
    expect(read?.error?.code).toBe(105);
  });

  test("[B-19] a batch accepts an absent body and an empty list as one, as PHP writes it", async () => {
    expect(await batch([])).toEqual([]);
    const id = await conversationOf(["Tom"]);
    const [outcome] = await batch([{ method: "PUT", path: `/1.1/classes/_Conversation/${id}`, body: [] }]);
    expect(outcome?.success?.objectId).toBe(id);
  });

  test("[B-19] a batch with the app key reaches installations, and no conversations", async () => {
    const id = await conversationOf(["Tom"], { name: "Cheese" });
    const path = `/1.1/classes/_Conversation/${id}`;
    const device = { deviceType: "ios", deviceToken: `token-${id}` };
    const requests = [
      { method: "GET", path },
      { method: "GET", path: "/1.1/classes/_Conversation" },
      { method: "PUT", path, body: { name: "x" } },
      { method: "DELETE", path },
      { method: "POST", path: "/1.1/classes/_Conversation", body: { m: ["Tom"] } },
      { method: "POST", path: "/1.1/installations", body: device },
    ];
    const outcomes = await (await rest("POST", "/1.1/batch", { requests }, appKeys)).json<Outcome[]>();
    expect(codes(outcomes)).toEqual([401, 401, 401, 401, 401, undefined]);
    expect((await read(id)).name).toBe("Cheese");
  });

  test("[B-19] a batch has at most 50 requests", async () => {
    const part = { method: "GET", path: `/1.1/classes/_Conversation/${NOWHERE}` };
    const device = { method: "GET", path: "/1.1/installations/x" };
    const several = { method: "DELETE", path: `${part.path}${`,${NOWHERE}`.repeat(50)}` };
    const ask = (requests: Json) => outcome(rest("POST", "/1.1/batch", { requests }));
    expect(await ask(Array.from({ length: 50 }, () => part))).toBe("200");
    expect(await ask(Array.from({ length: 51 }, () => part))).toBe("400 105");
    expect(await ask([part, ...Array.from({ length: 25 }, () => device)])).toBe("400 105");
    expect(await ask([several])).toBe("400 105");
  });

  test("[B-19] /1.1/batch/save saves conversations, each answered under its id", async () => {
    const id = await conversationOf(["Tom"]);
    const path = `/1.1/classes/_Conversation/${id}`;
    const requests = [
      { method: "PUT", path, body: { __internalId: id, name: "More" } },
      { method: "POST", path: "/1.1/classes/_Conversation", body: { __internalId: "8D1E", m: ["Tom"] } },
    ];
    const saved = await done<Record<string, Row>>("POST", "/1.1/batch/save", { requests });
    expect(Object.keys(saved).toSorted()).toEqual([id, "8D1E"].toSorted());
    expect(saved["8D1E"]?.m).toEqual(["Tom"]);
  });
});

describe("[http-api §1.3] what a route does not know is refused by name", () => {
  test.each<[string, string, object | undefined, RegExp]>([
    [
      "POST",
      "/1.2/rtm/conversations/ID/messages",
      { from_client: "Tom", message: "x", timestamp: 5 },
      /^timestamp: /,
    ],
    [
      "POST",
      "/1.1/rtm/messages",
      { from_peer: "Tom", conv_id: "ID", message: "x", timestamp: 5 },
      /^timestamp: /,
    ],
    ["POST", "/1.2/rtm/conversations/ID/members", { client_ids: ["Tom"], silent: true }, /^silent: /],
    ["POST", "/1.2/rtm/clients/Tom/kick", { reason: "x", for: 5 }, /^for: /],
    ["POST", "/1.1/push", { data: { alert: "x" }, chanels: ["x"] }, /^chanels: /],
    ["GET", "/1.2/rtm/conversations?wehre={}", undefined, /^wehre: /],
    ["GET", "/1.1/classes/_Conversation?skp=1", undefined, /^skp: /],
    ["GET", "/1.2/rtm/conversations/ID/messages?before=1", undefined, /^before: /],
  ])("[http-api §1.3] an unknown field is refused by name: %s %s %j", async (method, path, body, words) => {
    const id = await conversationOf(["Tom"]);
    const sent = body && JSON.parse(JSON.stringify(body).replace('"ID"', JSON.stringify(id)));
    const response = await rest(method, path.replace("ID", id), sent);
    expect(response.status).toBe(400);
    expect((await response.json<{ error: string }>()).error).toMatch(words);
  });

  test("[http-api §1.3] unknown fields that SDKs add are ignored", async () => {
    const id = await conversationOf(["Tom"]);
    const body = { client_ids: ["Jerry"], __internalId: "x" };
    expect(await outcome(rest("POST", `/1.2/rtm/conversations/${id}/members`, body))).toBe("200");
    expect(await outcome(rest("GET", "/v1/route?appId=parley-test&secure=1&deviceId=x&_t=5"))).toBe("200");
  });
});
