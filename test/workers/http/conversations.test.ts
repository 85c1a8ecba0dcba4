import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  change,
  heard,
  history,
  look,
  named,
  notices,
  query,
  refusal,
  say,
  settle,
  start,
} from "../../support/chat.ts";
import { caughtUp, loggedIn, notifications } from "../support/commands.ts";
import { archived, archivedAs, breakTable, repair } from "../support/d1.ts";
import { cheeseChat, onlineClients, tomsChat } from "../support/pair-chat.ts";
import {
  conversationOf,
  done,
  outcome,
  CONVERSATIONS as PATH,
  rest,
  saidBy,
  textsIn,
  unreadOf,
} from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, maybeHibernate, openWorld, world } from "../support/world.ts";

/** Conversations as the app's server makes, changes and deletes them, and what their members see of it. */

beforeAll(() => openWorld());
afterEach(async () => {
  vi.restoreAllMocks();
  await repair();
});

interface Row {
  objectId: string;
  m: string[];
  [column: string]: unknown;
}

const create = (body: object) => done<Row>("POST", PATH, body);

async function find(where: object, path = PATH, more = ""): Promise<Row[]> {
  const query = `where=${encodeURIComponent(JSON.stringify(where))}${more}`;
  return (await done<{ results: Row[] }>("GET", `${path}?${query}`)).results;
}

describe("[A-01] creating", () => {
  test("[A-01] a new conversation is answered with its row, the app's own columns included", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const row = await create({ name: "Cheese", m: [tom, jerry, tom], c: tom, attr: { holes: 3 }, kind: "b" });
    expect(row).toEqual({
      objectId: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: "Cheese",
      c: tom,
      kind: "b",
      m: [jerry, tom],
      mu: [],
      attr: { holes: 3 },
      unique: false,
      conv_type: 1,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    });
    await maybeHibernate();
    expect(await find({ objectId: row.objectId })).toEqual([row]);
  });

  test("[A-01] the creator of a new conversation need not be a member, and may be absent", async () => {
    const [tom] = named("tom");
    expect((await create({ c: tom })).m).toEqual([]);
    const nobodys = await create({ m: [] });
    expect(nobodys.m).toEqual([]);
    expect(nobodys).not.toHaveProperty("c");
  });

  test("[B-03] [B-04] a unique conversation is the same one for the app's server and its clients", async () => {
    const { tom, jerry, toms, chat } = await tomsChat({ unique: true });
    const row = await create({ m: [jerry, tom], unique: true });
    expect(row).toMatchObject({ objectId: chat, unique: true, c: tom });
    await maybeHibernate();
    const [mary] = named("mary");
    const other = await create({ m: [tom, mary], unique: true });
    expect(await start(toms, [mary, tom], { unique: true })).toBe(other.objectId);
  });

  test("[A-01] a field that is null counts as not sent", async () => {
    const row = await create({ name: null, m: null, c: null, unique: null, attr: null, kind: null });
    expect(row).toMatchObject({ m: [], unique: false, attr: {} });
    for (const column of ["name", "c", "kind"]) expect(row).not.toHaveProperty(column);
  });

  test("[B-04] `uniqueId` is the digest of the members together", async () => {
    const { uniqueId } = await create({ m: ["bob", "alice"], unique: true });
    expect(uniqueId).toBe("ec0048c7d6b5a11cdb261b71a813eff3");
  });

  test.each([
    [{ unique: true }, 400, 105, /^m: /],
    [{ m: "Tom" }, 400, 105, /^m: /],
    [{ m: ["Tom", ""] }, 400, 105, /^m\.1: /],
    [{ m: ["x".repeat(65)] }, 400, 105, /^m\.0: must be a client id, which has at most 64 characters$/],
    [{ m: ["Tom"], tr: true }, 400, 105, /^tr: chat rooms/],
    [{ m: ["Tom"], sys: true }, 400, 105, /^sys: service conversations/],
    [{ m: ["Tom"], name: 7 }, 400, 105, /^name: /],
    [{ m: ["Tom"], attr: [] }, 400, 105, /^attr: /],
    [{ m: ["Tom"], unique: "yes" }, 400, 105, /^unique: /],
    [{ m: ["Tom"], name: "x".repeat(1_025) }, 400, 4301, /name/],
    [{ m: ["Tom"], objectId: "65537a0e0000000000000001" }, 400, 105, /^objectId: /],
    [{ m: ["Tom"], createdAt: "2020-01-01T00:00:00.000Z" }, 400, 105, /^createdAt: /],
    [{ m: ["Tom"], mu: ["Tom"] }, 400, 105, /^mu: /],
    [{ m: ["Tom"], temp: true }, 400, 105, /^temp: /],
    [[], 400, 105, /./],
    [7, 400, 105, /./],
  ])("[A-01] a new conversation with %j is refused with %i and %i", async (body, status, code, error) => {
    const response = await rest("POST", PATH, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
  });

  test("[A-01] [L-06] a new conversation with too many members is refused", async () => {
    await configure({ limits: { members: 2 } });
    expect(await outcome(rest("POST", PATH, { m: named("tom", "jerry", "mary") }))).toBe("409 4304");
    await configure({ limits: { members: null } });
  });
});

describe("[A-01] [B-07] creating", () => {
  test("[A-01] [B-07] a new conversation notifies its online members, the creator included, without an inviter", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    for (const device of [toms, jerrys]) {
      await device.push("conv", "members_joined");
      expect(notices(device, id)).toEqual(["joined by ", `members_joined ${[jerry, tom].join(" ")} by `]);
    }
    const second = await conversationOf([tom, jerry], { c: tom });
    await toms.push("conv", "members_joined");
    expect(notices(toms, second)[0]).toBe(`joined by ${tom}`);
  });

  test("[A-01] a new conversation accepts messages at once", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const id = await conversationOf([tom, jerry]);
    expect(refusal(await say(toms, id, "hello"))).toBe("");
    await jerrys.message("hello");
  });
});

describe("[A-01] [A-06] finding", () => {
  test("[A-01] [A-06] conversations are found by any condition, oldest first, page by page", async () => {
    const [name = ""] = named("page");
    for (const place of [1, 2, 3]) await create({ name, place });
    expect((await find({ name })).map(({ place }) => place)).toEqual([1, 2, 3]);
    expect((await find({ name }, PATH, "&skip=1&limit=1")).map(({ place }) => place)).toEqual([2]);
    expect(await find({ name, place: { $gt: 2 } })).toHaveLength(1);
    expect(await find({ name }, PATH, "&limit=0")).toHaveLength(3);
    expect(await find({ name }, PATH, "&limit=5000")).toHaveLength(3);
  });

  test("[A-01] [A-06] a query without conditions finds all conversations", async () => {
    const [name = ""] = named("every");
    const { objectId } = await create({ name });
    for (const path of [PATH, "/1.2/rtm/all-conversations"]) {
      const { results } = await done<{ results: Row[] }>("GET", `${path}?limit=1000`);
      expect(results.map((row) => row.objectId)).toContain(objectId);
    }
  });

  test.each([
    ["{", 1, /^where: /],
    ["[]", 1, /^where: /],
    ["7", 1, /^where: /],
    ['"x"', 1, /^where: /],
    ['{"__proto__":{"a":1}}', 1, /__proto__/],
    ['{"$where":"1"}', 102, /\$where/],
    ['{"name":{"$like":"Cheese"}}', 102, /^unknown operator \$like$/],
  ])("[A-01] [A-06] a query with where=%s is refused with %i", async (where, code, error) => {
    for (const path of [PATH, "/1.2/rtm/all-conversations"]) {
      const response = await rest("GET", `${path}?where=${encodeURIComponent(where)}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ code, error: expect.stringMatching(error) });
    }
  });
});

describe("[A-01] changing", () => {
  const updated = (id: string) => ({ objectId: id, updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) });

  test("[A-01] [B-06] [B-07] adding members notifies them and the members there are", async () => {
    const { tom, jerry, spike, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const spikes = await WorkerdDevice.of(spike);
    const body = { client_ids: [spike, tom] };
    expect(await done("POST", `${path}/members`, body)).toEqual(updated(id));
    await spikes.push("conv", "members_joined");
    await toms.push("conv", "members_joined");
    expect(notices(spikes, id)).toEqual(["joined by ", `members_joined ${spike} by `]);
    expect(notices(toms, id)).toEqual([`members_joined ${spike} by `]);
    expect(await done("GET", `${path}/members`)).toEqual({ result: [jerry, tom, spike] });
    expect(refusal(await say(spikes, id, "woof"))).toBe("");
    expect((await find({ m: spike })).map(({ objectId }) => objectId)).toEqual([id]);
  });

  test("[A-01] adding a client that is a member changes nothing and notifies nobody", async () => {
    const { jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await look(toms, id);
    const { updatedAt } = await done<Row>("POST", `${path}/members`, { client_ids: [jerry] });
    expect(updatedAt).toBe(before.updatedAt);
    await settle(id, toms);
    expect(notices(toms, id)).toEqual([]);
  });

  test("[A-01] [B-06] [B-07] removing a member notifies all and ends the member's sends", async () => {
    const { tom, jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const jerrys = await WorkerdDevice.of(jerry);
    await caughtUp(id, jerrys);
    expect(await done("DELETE", `${path}/members`, { client_ids: [jerry] })).toEqual(updated(id));
    await jerrys.push("conv", "left");
    await toms.push("conv", "members_left");
    expect(notices(jerrys, id)).toEqual(["left by "]);
    expect(notices(toms, id)).toEqual([`members_left ${jerry} by `]);
    expect(refusal(await say(jerrys, id, "hello?"))).toBe("4401 INVALID_MESSAGING_TARGET");
    expect(await done("GET", `${path}/members`)).toEqual({ result: [tom] });
    expect(await find({ m: jerry })).toEqual([]);
  });

  test("[A-01] [B-08] a member that is offline receives the changes at the next login", async () => {
    const { spike, id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await done("POST", `${path}/members`, { client_ids: [spike] });
    await done("PUT", path, { name: "Bones" });
    const { token } = await loggedIn(spike);
    const { body } = await notifications(spike, token, { notification_type: "permanent" });
    expect(body).toMatchObject({
      notifications: [
        { op: "joined", cid: id, initBy: "" },
        { op: "members_joined", cid: id, m: [spike], initBy: "" },
        { op: "updated", cid: id, initBy: "", attr: { data: '{"name":"Bones"}' } },
      ],
    });
  });

  test("[A-01] [B-17] [B-18] columns are set, incremented and removed, and the devices of all members are notified", async () => {
    const { id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const changes = { name: "More", "attr.holes": { __op: "Increment", amount: 2 }, kind: "blue" };
    expect(await done("PUT", path, changes)).toEqual(updated(id));
    const { convMessage } = await toms.push("conv", "updated");
    expect([convMessage?.cid, convMessage?.initBy]).toEqual([id, ""]);
    expect(JSON.parse(convMessage?.attrModified?.data ?? "")).toMatchObject({ name: "More" });
    expect(await look(toms, id)).toMatchObject({ name: "More", attr: { holes: 5 }, kind: "blue" });
    await done("PUT", path, { kind: { __op: "Delete" } });
    const [row] = await find({ objectId: id });
    expect(row).toMatchObject({ name: "More", attr: { holes: 5 } });
    expect(row).not.toHaveProperty("kind");
  });

  test.each([null, { __op: "Delete" }])("[A-01] name and attributes are removed by %j", async (nothing) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await done("PUT", path, { name: "More", kind: "blue" });
    await done("PUT", path, { name: nothing, attr: nothing, kind: nothing });
    const [row] = await find({ objectId: id });
    expect(row).toMatchObject({ attr: {} });
    for (const column of ["name", "kind"]) expect(row?.[column] ?? undefined).toBeUndefined();
  });

  test.each([
    "objectId",
    "c",
    "createdAt",
    "muted",
    "msg",
    "ttl",
    "joined",
    "bin",
    "lm",
    "lm.iso",
    "mu",
    "unique",
  ])("[A-01] the column %s belongs to the server and is refused by name", async (column) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await find({ objectId: id });
    const response = await rest("PUT", path, { name: "More", [column]: "x" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 105, error: expect.stringMatching(`^${column}: `) });
    expect(await find({ objectId: id })).toEqual(before);
  });

  test("[A-01] [M-46] mutes are shown to devices, in queries and in the list", async () => {
    const { tom, jerry, spike, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    expect(await done("POST", `${path}/mutes`, { client_ids: [jerry, spike] })).toEqual(updated(id));
    expect(await done("GET", `${path}/mutes`)).toEqual({ result: [jerry] });
    expect(await look(toms, id)).toMatchObject({ mu: [jerry] });
    expect(await find({ mu: jerry })).toMatchObject([{ objectId: id }]);
    await done("POST", `${path}/mutes`, { client_ids: [tom] });
    expect(await done("DELETE", `${path}/mutes`, { client_ids: [jerry] })).toEqual(updated(id));
    expect(await done("GET", `${path}/mutes`)).toEqual({ result: [tom] });
  });

  test("[A-01] [L-06] adding too many members is refused, and nobody is added", async () => {
    const { tom, jerry, spike, id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    await configure({ limits: { members: 2 } });
    expect(await outcome(rest("POST", `${path}/members`, { client_ids: [spike] }))).toBe("409 4304");
    await configure({ limits: { members: null } });
    expect(await done("GET", `${path}/members`)).toEqual({ result: [jerry, tom] });
  });

  test.each([
    ["PUT", "", { m: ["Tom"] }, "400 105"],
    ["PUT", "", { name: "x".repeat(1_025) }, "400 4306"],
    ["PUT", "", { name: 7 }, "400 4306"],
    ["PUT", "", { attr: [] }, "400 4306"],
    ["PUT", "", { "attr.holes": { __op: "Explode" } }, "400 4306"],
    ["POST", "/members", {}, "400 105"],
    ["POST", "/members", { client_ids: [] }, "400 105"],
    ["DELETE", "/members", { client_ids: "Tom" }, "400 105"],
    ["POST", "/mutes", { client_ids: [""] }, "400 105"],
    ["POST", "/mutes", { client_ids: Array.from({ length: 501 }, (_, at) => `c${at}`) }, "400 105"],
  ])("[A-01] %s …%s refuses %j with %s and changes nothing", async (method, sub, body, expected) => {
    const { id } = await cheeseChat();
    const path = `${PATH}/${id}`;
    const before = await find({ objectId: id });
    expect(await outcome(rest(method, path + sub, body))).toBe(expected);
    expect(await find({ objectId: id })).toEqual(before);
  });

  test.each([
    ["PUT", "", { name: "x" }],
    ["DELETE", "", undefined],
    ["POST", "/members", { client_ids: ["Tom"] }],
    ["DELETE", "/members", { client_ids: ["Tom"] }],
    ["GET", "/members", undefined],
    ["POST", "/mutes", { client_ids: ["Tom"] }],
    ["DELETE", "/mutes", { client_ids: ["Tom"] }],
    ["GET", "/mutes", undefined],
    ["GET", "/messages", undefined],
    ["POST", "/messages", { from_client: "Tom", message: "x" }],
  ])("[A-01] %s …%s of an unknown conversation is answered with 404 and 4303", async (method, sub, body) => {
    expect(await outcome(rest(method, `${PATH}/65537a0e0000000000000009${sub}`, body))).toBe("404 4303");
    expect(await find({ objectId: "65537a0e0000000000000009" })).toEqual([]);
  });

  test("[A-01] [I11] a change while D1 fails is made, notifies members and reaches queries later", async () => {
    const { jerry, id, toms } = await cheeseChat();
    const path = `${PATH}/${id}`;
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    await breakTable("conversations");
    expect(await done("DELETE", `${path}/members`, { client_ids: [jerry] })).toEqual(updated(id));
    await toms.push("conv", "members_left");
    expect(await outcome(rest("GET", PATH))).toBe("503 503");
    expect(await outcome(rest("GET", "/1.2/rtm/all-conversations"))).toBe("503 503");
    await repair();
    await archivedAs(id, []);
    expect(await find({ m: jerry })).toEqual([]);
    expect(await find({ objectId: id })).toHaveLength(1);
  });
});

describe("[A-01] deleting", () => {
  /** A conversation in which something was said that D1 has. */
  async function spoken(more: object = {}) {
    const [tom, jerry] = named("tom", "jerry");
    const id = await conversationOf([tom, jerry], more);
    await saidBy(tom, id, "hello");
    await saidBy(tom, id, "Jerry?");
    await archivedAs(id, ["hello", "Jerry?"]);
    return { tom, jerry, id, path: `${PATH}/${id}` };
  }

  const rowsOf = async (table: string, column: string, id: string) =>
    (await world.DB.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).bind(id).all()).results;

  test("[A-01] a deleted conversation is gone from queries and D1, with its history", async () => {
    const { tom, id, path } = await spoken();
    expect(await done("DELETE", path)).toEqual({});
    expect(await find({ objectId: id })).toEqual([]);
    expect(await find({ m: tom }, "/1.2/rtm/all-conversations")).toEqual([]);
    expect(await rowsOf("conversations", "id", id)).toEqual([]);
    expect(await rowsOf("members", "conversation_id", id)).toEqual([]);
    expect(await archived(id)).toEqual([]);
    expect(await done("GET", `/1.2/rtm/clients/${tom}/messages`)).toEqual([]);
    for (const [method, sub] of [
      ["DELETE", ""],
      ["GET", "/members"],
      ["GET", "/messages"],
    ] as const) {
      expect(await outcome(rest(method, path + sub))).toBe("404 4303");
    }
    expect(await query(await WorkerdDevice.of(tom), { objectId: id })).toEqual([]);
  });

  test("[A-01] [Y-22] a deleted conversation has no unread messages", async () => {
    const { tom, jerry, id, path } = await spoken();
    const other = await conversationOf([tom, jerry]);
    await saidBy(tom, other, "here");
    expect(await unreadOf(jerry)).toBe(3);
    await done("DELETE", path);
    expect(await unreadOf(jerry)).toBe(1);
    expect(await outcome(rest("GET", `/1.2/rtm/clients/${jerry}/unread-count?conv_id=${id}`))).toBe(
      "404 4303",
    );
    const jerrys = await WorkerdDevice.of(jerry);
    const unread = (await jerrys.push("unread")).unreadMessage?.convs;
    expect(unread?.map(({ cid }) => cid)).toEqual([other]);
  });

  test("[A-01] [B-08] [I4] a member that was offline logs in and reads its other conversations after a deletion", async () => {
    const { tom, jerry, id, path } = await spoken();
    const other = await conversationOf([tom, jerry]);
    await done("DELETE", path);
    const { token } = await loggedIn(jerry);
    const { status, body } = await notifications(jerry, token, { notification_type: "permanent" });
    expect(status).toBe(200);
    expect(JSON.stringify(body)).toContain(other);
    expect(JSON.stringify(body)).not.toContain(id);
  });

  test.each(["subscribed", "not subscribed"])(
    "[A-01] [B-09] sends to a deleted conversation are refused with 4401 on devices that are %s, and their sockets stay",
    async (how) => {
      const { tom, jerry, path, id } = await spoken();
      const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
      const other = await start(toms, [tom, jerry], { unique: false });
      if (how === "subscribed") {
        await caughtUp(id, toms, jerrys);
        await settle(id, toms, jerrys);
      }
      await done("DELETE", path);
      for (const device of [toms, jerrys]) {
        expect(refusal(await say(device, id, "anybody?"))).toBe("4401 INVALID_MESSAGING_TARGET");
        expect(refusal(await change(device, "add", id, ["spike"]))).toMatch(/^4303 /);
      }
      expect(refusal(await say(toms, other, "here"))).toBe("");
      await jerrys.message("here");
      expect([toms.closed, jerrys.closed]).toEqual([undefined, undefined]);
      expect(heard(jerrys, id)).toEqual([]);
    },
  );

  test("[A-01] [B-03] a deleted unique conversation can be created anew, without its history", async () => {
    const { tom, jerry, id, path } = await spoken({ unique: true });
    const toms = await WorkerdDevice.of(tom);
    await done("DELETE", path);
    const anew = await start(toms, [tom, jerry], { unique: true });
    expect(await history(toms, anew)).toEqual([]);
    await say(toms, anew, "again");
    expect(await textsIn(anew)).toEqual(["again"]);
    await archivedAs(anew, ["again"]);
    expect(await create({ m: [tom, jerry], unique: true })).toMatchObject({ objectId: anew });
    expect(await find({ m: tom })).toHaveLength(1);
    expect(anew).toBe(id);
  });

  test("[A-01] [I11] a conversation is deleted while D1 fails, and D1 is cleared afterwards", async () => {
    const { tom, id, path } = await spoken();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await breakTable("messages");
    expect(await done("DELETE", path)).toEqual({});
    expect(await outcome(rest("GET", `${path}/messages`))).toBe("404 4303");
    await repair();
    await archivedAs(id, []);
    expect(await rowsOf("conversations", "id", id)).toEqual([]);
    expect(await find({ m: tom })).toEqual([]);
  });
});
