import { beforeAll, describe, expect, test } from "vitest";
import { look, notices, settle } from "../../support/chat.ts";
import { cheeseChat } from "../support/pair-chat.ts";
import { done, outcome, rest } from "../support/rest.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { configure, maybeHibernate, openWorld } from "../support/world.ts";
import { CLASS, find, NOWHERE, type Row, read, refusal } from "./class-rows.ts";

beforeAll(() => openWorld());

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
    [{ tr: true }, /^tr: only a chat room/],
    [{ sys: true }, /^sys: only a service/],
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
