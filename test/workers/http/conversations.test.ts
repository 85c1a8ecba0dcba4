import { beforeAll, describe, expect, test } from "vitest";
import { named, notices, refusal, say, start } from "../../support/chat.ts";
import { onlineClients, tomsChat } from "../support/pair-chat.ts";
import { conversationOf, done, outcome, CONVERSATIONS as PATH, rest } from "../support/rest.ts";
import { configure, maybeHibernate, openWorld } from "../support/world.ts";
import { create, find, type Row } from "./conversation-calls.ts";

/** Conversations as the app's server makes and finds them, and what their members see of it. */

beforeAll(() => openWorld());

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
    [{ m: ["Tom"], tr: true }, 400, 105, /^tr: only a chat room/],
    [{ m: ["Tom"], sys: true }, 400, 105, /^sys: only a service conversation/],
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
