import { beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { named } from "../../support/chat.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { conversationOf, done, outcome, rest } from "../support/rest.ts";
import { openWorld } from "../support/world.ts";
import { CLASS, create, find, NOWHERE, read, refusal } from "./class-rows.ts";

beforeAll(() => openWorld());

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
    [{ temp: true }, /^temp: /],
    [{ tr: true, sys: true }, /^tr: only a chat room/],
    [{ unique: "yes" }, /^unique: /],
  ])("[B-19] a new row with %j is refused by name", async (body, words) => {
    expect(await refusal(rest("POST", CLASS, { m: ["Tom"], ...body }))).toEqual([
      105,
      expect.stringMatching(words),
    ]);
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
