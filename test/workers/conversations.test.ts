import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import {
  ask,
  change,
  look,
  named,
  notices,
  query,
  refusal,
  say,
  settle,
  start,
  update,
} from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());
afterEach(() => configure({ limits: { members: null } }));

const NOWHERE = "f".repeat(24);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const attr = (columns: object) => ({ data: JSON.stringify(columns) });

function begin(device: WorkerdDevice, m: string[], more: object = {}): Promise<GenericCommand> {
  return device.ask({ cmd: "conv", op: "start", convMessage: { m, ...more } });
}

/** The content of an update in a reply or event: new values by path, and by column. */
function updated(frame: GenericCommand): { changed: unknown; resulting: unknown } {
  const { attr, attrModified } = frame.convMessage ?? {};
  return { changed: JSON.parse(attr?.data ?? "null"), resulting: JSON.parse(attrModified?.data ?? "null") };
}

/** Tom, Jerry and Mary, logged in and notified of a chat that Tom began with the named members. */
async function chatOf(members: ("tom" | "jerry" | "mary")[] = ["tom", "jerry"], more: object = {}) {
  const clients = await onlineClients("tom", "jerry", "mary");
  const ids = members.map((name) => clients[name]);
  const chat = await start(clients.toms, ids, { unique: false, ...more });
  for (const name of members) await clients[`${name}s`].push("conv", "members_joined");
  return { ...clients, chat };
}

describe("starting", () => {
  test("[B-02] the creator need not be in the list, and all members are notified, the creator included", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const started = await begin(toms, [jerry]);
    const { cid = "", cdate } = started.convMessage ?? {};
    expect(cid).toMatch(/^[0-9a-f]{24}$/);
    expect(cdate).toMatch(ISO);
    expect(has(started.convMessage, "existing")).toBe(false);
    expect(await look(toms, cid)).toMatchObject({
      c: tom,
      m: [jerry, tom],
      createdAt: cdate,
      updatedAt: cdate,
      unique: false,
    });
    for (const device of [toms, jerrys]) {
      const push = await device.push("conv", "members_joined");
      expect(push.convMessage?.m).toEqual([jerry, tom]);
      expect(push.convMessage?.udate).toBe(cdate);
      expect(notices(device, cid)).toEqual([`joined by ${tom}`, `members_joined ${jerry} ${tom} by ${tom}`]);
    }
    const order = toms.received.map((frame) => OpType[frame.op]);
    expect(order.indexOf("started")).toBeLessThan(order.indexOf("joined"));
  });

  test("[wire §5.1] every device of every member is notified", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const devices = [
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(tom),
      await WorkerdDevice.of(jerry),
      await WorkerdDevice.of(jerry),
    ];
    const [first] = devices;
    if (first === undefined) throw new Error("no device");
    const chat = await start(first, [tom, jerry]);
    for (const device of devices) {
      await device.push("conv", "members_joined");
      expect(notices(device, chat)).toEqual([`joined by ${tom}`, `members_joined ${jerry} ${tom} by ${tom}`]);
    }
  });

  test("[B-02] without unique every start is a new conversation", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    const chats = [
      await start(toms, [tom, jerry]),
      await start(toms, [tom, jerry]),
      await start(toms, [tom, jerry]),
    ];
    expect(new Set(chats).size).toBe(3);
  });

  test("[B-03] a unique conversation is found again by any member, in any order of ids, and keeps its name", async () => {
    const { tom, jerry, mary, toms, jerrys, chat } = await chatOf(["tom", "jerry", "mary"], {
      unique: true,
      attr: attr({ name: "Cheese" }),
    });
    for (const [device, members] of [
      [toms, [mary, jerry, tom]],
      [jerrys, [tom, mary]],
      [jerrys, [tom, tom, mary, jerry, mary]],
    ] as const) {
      const again = await begin(device, [...members], { unique: true, attr: attr({ name: "Other" }) });
      expect(again.convMessage).toMatchObject({ cid: chat, existing: true });
    }
    await settle(chat, toms, jerrys);
    expect(notices(jerrys, chat)).toHaveLength(2);
    expect(await look(toms, chat)).toMatchObject({ name: "Cheese", unique: true, c: tom });
    expect(await start(toms, [tom, jerry], { unique: true })).not.toBe(chat);
    expect(await start(toms, [tom, jerry, mary])).not.toBe(chat);
  });

  test("[B-04] uniqueId is the documented digest, and sets of members that collide in it stay apart", async () => {
    const toms = await WorkerdDevice.of("BillGates");
    const started = await begin(toms, ["SteveJobs", "BillGates"], { unique: true });
    expect(started.convMessage?.uniqueId).toBe("6c7b0e5afcae9aa1139a0afa25833dec");
    const { a, as: ones } = await onlineClients("a");
    const one = await begin(ones, [`${a}b`, `c`], { unique: true });
    const other = await begin(ones, [`${a}bc`], { unique: true });
    expect(one.convMessage?.uniqueId).toBe(other.convMessage?.uniqueId);
    expect(one.convMessage?.cid).not.toBe(other.convMessage?.cid);
  });

  test("[B-03] of many starts of a unique conversation at once, exactly one creates it", async () => {
    const people = named("tom", "jerry", "mary");
    const devices = await Promise.all([...people, ...people, ...people].map((id) => WorkerdDevice.of(id)));
    const replies = await Promise.all(devices.map((device) => begin(device, people, { unique: true })));
    expect(new Set(replies.map(({ convMessage }) => convMessage?.cid)).size).toBe(1);
    expect(replies.filter(({ convMessage }) => !has(convMessage, "existing"))).toHaveLength(1);
    const chat = replies[0]?.convMessage?.cid ?? "";
    for (const device of devices) {
      await device.push("conv", "members_joined");
      expect(notices(device, chat).filter((notice) => notice.startsWith("members_joined"))).toHaveLength(1);
    }
  });

  test.each([
    [
      "JavaScript and C# put columns on top",
      { name: "Cheese", topic: "food", year: 2024 },
      { topic: "food", year: 2024, attr: {} },
    ],
    [
      "Swift and Java put them under attr",
      { name: "Cheese", attr: { topic: "food" } },
      { attr: { topic: "food" } },
    ],
    ["no attributes", { name: "Cheese" }, { attr: {} }],
  ])("[B-05] a conversation keeps its columns as the SDK sent them: %s", async (_, sent, expected) => {
    const { tom, toms } = await onlineClients("tom");
    const chat = await start(toms, [tom], { attr: attr(sent) });
    const byId = await look(toms, chat);
    const [byName] = await query(toms, { objectId: chat, name: "Cheese" });
    for (const found of [byId, byName]) expect(found).toMatchObject({ name: "Cheese", ...expected });
  });

  test("[B-05] a start and an update ignore columns that belong to the service", async () => {
    const [jerry] = named("jerry");
    const { tom, toms } = await onlineClients("tom");
    const reserved = {
      objectId: "mine",
      m: [],
      mu: [jerry],
      c: jerry,
      lm: 1,
      tr: true,
      sys: true,
      unique: true,
      uniqueId: "x",
      createdAt: 1,
      updatedAt: 1,
      temp: true,
      ttl: 9,
      conv_type: 3,
      ACL: {},
      msg: "fake",
      joined: true,
    };
    const chat = await start(toms, [tom], { unique: false, attr: attr({ ...reserved, name: "Cheese" }) });
    const reply = await update(toms, chat, { ...reserved, "m.0": jerry, name: "Holes" });
    expect(updated(reply)).toEqual({ changed: { name: "Holes" }, resulting: { name: "Holes" } });
    const found = await look(toms, chat);
    expect(found).toMatchObject({
      objectId: chat,
      c: tom,
      m: [tom],
      mu: [],
      unique: false,
      conv_type: 1,
      name: "Holes",
    });
    for (const key of ["tr", "sys", "temp", "ttl", "ACL", "msg", "joined", "lm", "uniqueId"])
      expect(found).not.toHaveProperty(key);
  });

  test("[B-02] a start with a name or attributes too large is refused, and nothing is created", async () => {
    const { tom, toms } = await onlineClients("tom");
    for (const columns of [
      { name: "x".repeat(1_025) },
      { attr: { long: "x".repeat(70_000) } },
      { name: 5 },
      { attr: [] },
    ]) {
      expect(refusal(await begin(toms, [tom], { attr: attr(columns) }))).toBe("4301 CONVERSATION_API_FAILED");
    }
    expect(await query(toms, undefined)).toEqual([]);
  });

  test("[L-06] [B-02] members beyond the limit are refused with 4304, at the start and later", async () => {
    await configure({ limits: { members: 3 } });
    const [jerry, mary, spike] = named("jerry", "mary", "spike");
    const { tom, toms } = await onlineClients("tom");
    expect(refusal(await begin(toms, [jerry, mary, spike]))).toBe("4304 CONVERSATION_FULL");
    const chat = await start(toms, [jerry]);
    expect(refusal(await change(toms, "add", chat, [mary, spike]))).toBe("4304 CONVERSATION_FULL");
    expect((await look(toms, chat)).m).toEqual([jerry, tom]);
    expect(refusal(await change(toms, "add", chat, [mary]))).toBe("");
    const spikes = await WorkerdDevice.of(spike);
    expect(refusal(await change(spikes, "add", chat, [spike]))).toBe("4304 CONVERSATION_FULL");
    await configure({ limits: { members: 2 } });
    expect(refusal(await change(toms, "add", chat, [mary]))).toBe("");
  });

  test("[C-01] a member's id that cannot be one is refused with 4103", async () => {
    const { toms } = await onlineClients("tom");
    for (const invalid of ["", "x".repeat(65), "a\nb"]) {
      expect(refusal(await begin(toms, [invalid]))).toBe("4103 INVALID_LOGIN");
    }
  });
});

describe("members", () => {
  test("[B-06] [B-07] adding notifies the new members of their inviter, and all members of the new ones", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await chatOf();
    const tablet = await WorkerdDevice.of(mary);
    const before = (await look(toms, chat)).updatedAt;
    const reply = await change(toms, "add", chat, [mary]);
    expect(reply.convMessage).toMatchObject({ cid: chat, allowedPids: [mary], failedPids: [] });
    await settle(chat, jerrys, toms, marys, tablet);
    await settle(chat, toms, jerrys);
    const created = [`joined by ${tom}`, `members_joined ${jerry} ${tom} by ${tom}`];
    expect(notices(toms, chat)).toEqual([...created, `members_joined ${mary} by ${tom}`]);
    expect(notices(jerrys, chat)).toEqual([...created, `members_joined ${mary} by ${tom}`]);
    for (const device of [marys, tablet]) {
      expect(notices(device, chat)).toEqual([`joined by ${tom}`, `members_joined ${mary} by ${tom}`]);
    }
    const [push] = marys.pushes().filter((frame) => frame.op === OpType.joined);
    expect(push?.convMessage?.udate).toBe(reply.convMessage?.udate);
    expect(Date.parse(reply.convMessage?.udate ?? "")).toBeGreaterThan(Date.parse(String(before)));
    expect((await look(toms, chat)).m).toEqual([jerry, tom, mary]);
  });

  test("[wire §5.1] one event carries all members that an operation added or removed", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await chatOf(["tom", "jerry"]);
    const [spike] = named("spike");
    await change(toms, "add", chat, [mary, spike]);
    await change(toms, "remove", chat, [spike, mary]);
    await settle(chat, toms, jerrys);
    const two = [mary, spike].toSorted();
    expect(notices(jerrys, chat).slice(2, 3)).toEqual([`members_joined ${two.join(" ")} by ${tom}`]);
    const [, , , left] = jerrys.pushes().filter((frame) => frame.convMessage?.cid === chat);
    expect(left?.convMessage?.m.toSorted()).toEqual(two);
    await marys.push("conv", "left");
    expect(jerry).toBeTruthy();
  });

  test("[B-06] a client that joins by itself counts as invited by itself, and all members are notified", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await chatOf();
    const reply = await change(marys, "add", chat, [mary]);
    expect(reply.convMessage?.allowedPids).toEqual([mary]);
    await settle(chat, marys, toms, jerrys);
    await settle(chat, toms, marys);
    expect(notices(marys, chat)).toEqual([`joined by ${mary}`, `members_joined ${mary} by ${mary}`]);
    expect(notices(jerrys, chat).at(-1)).toBe(`members_joined ${mary} by ${mary}`);
    expect([tom, jerry]).toHaveLength(2);
  });

  test("[B-06] removing a member notifies that member on every device, and the other members", async () => {
    const { tom, mary, toms, jerrys, marys, chat } = await chatOf(["tom", "jerry", "mary"]);
    const tablet = await WorkerdDevice.of(mary);
    const reply = await change(toms, "remove", chat, [mary]);
    expect(reply.convMessage).toMatchObject({ allowedPids: [mary], failedPids: [] });
    await settle(chat, jerrys, toms);
    await settle(chat, toms, jerrys);
    for (const device of [toms, jerrys]) {
      expect(notices(device, chat).slice(2)).toEqual([`members_left ${mary} by ${tom}`]);
    }
    await marys.push("conv", "left");
    await tablet.push("conv", "left");
    await change(toms, "add", chat, [mary]);
    for (const device of [marys, tablet]) await device.push("conv", "joined");
    expect(notices(marys, chat).slice(2, 4)).toEqual([`left by ${tom}`, `joined by ${tom}`]);
    expect(notices(tablet, chat).slice(0, 2)).toEqual([`left by ${tom}`, `joined by ${tom}`]);
  });

  test("[B-06] a member that left receives and sends nothing more", async () => {
    const { tom, jerry, toms, jerrys, chat } = await chatOf();
    const reply = await change(jerrys, "remove", chat, [jerry]);
    expect(reply.convMessage?.allowedPids).toEqual([jerry]);
    await toms.push("conv", "members_left");
    expect(notices(toms, chat).at(-1)).toBe(`members_left ${jerry} by ${jerry}`);
    await say(toms, chat, "he is gone");
    await update(toms, chat, { name: "Alone" });
    expect(refusal(await say(jerrys, chat, "hello?"))).toBe("4401 INVALID_MESSAGING_TARGET");
    await change(toms, "add", chat, [jerry]);
    await settle(chat, toms, jerrys);
    expect(notices(jerrys, chat).slice(2)).toEqual([
      `left by ${jerry}`,
      `joined by ${tom}`,
      `members_joined ${jerry} by ${tom}`,
    ]);
    expect(jerrys.texts(chat)).not.toContain("he is gone");
  });

  test("[wire §5.1] a command that changes nothing is answered and causes no event", async () => {
    const { tom, jerry, mary, toms, jerrys, marys, chat } = await chatOf();
    const before = (await look(toms, chat)).updatedAt;
    for (const [op, members, device] of [
      ["add", [jerry], toms],
      ["add", [tom, jerry], toms],
      ["remove", [mary], toms],
      ["remove", [mary], marys],
      ["add", [], toms],
      ["remove", [], toms],
    ] as const) {
      const { convMessage } = await change(device, op, chat, [...members]);
      expect(convMessage?.allowedPids.toSorted()).toEqual([...members].toSorted());
      expect(convMessage?.udate).toMatch(ISO);
    }
    await settle(chat, toms, jerrys);
    expect(notices(jerrys, chat)).toHaveLength(2);
    expect(notices(marys, chat)).toEqual([]);
    expect((await look(toms, chat)).updatedAt).toBe(before);
  });

  test("[B-06] an operation on several members changes those it can and names the others", async () => {
    const { tom, jerry, mary, toms, chat } = await chatOf();
    const { convMessage } = await change(toms, "add", chat, [mary, "", "x".repeat(65), jerry]);
    expect(convMessage?.allowedPids.toSorted()).toEqual([jerry, mary].toSorted());
    expect(convMessage?.failedPids).toMatchObject([
      { code: 4103, reason: "INVALID_LOGIN", pids: ["", "x".repeat(65)] },
    ]);
    expect((await look(toms, chat)).m).toEqual([jerry, tom, mary]);
  });

  test("[I12] strangers can add and remove only themselves", async () => {
    const { jerry, mary, marys, toms, chat } = await chatOf();
    const [spike] = named("spike");
    for (const members of [[spike], [mary, spike]]) {
      expect(refusal(await change(marys, "add", chat, members))).toBe(
        "4317 CONVERSATION_MEMBERSHIP_REQUIRED",
      );
    }
    expect(refusal(await change(marys, "remove", chat, [jerry]))).toBe(
      "4317 CONVERSATION_MEMBERSHIP_REQUIRED",
    );
    expect((await look(toms, chat)).m).toHaveLength(2);
  });

  test("[B-28] count and is_member answer for every conversation, and members only for chat rooms", async () => {
    const { tom, mary, toms, marys, chat } = await chatOf();
    const count = async () =>
      (await toms.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } })).convMessage?.count;
    expect(await count()).toBe(2);
    await change(toms, "add", chat, [mary]);
    expect(await count()).toBe(3);
    await change(toms, "remove", chat, [tom, mary]);
    expect(await count()).toBe(1);
    for (const device of [toms, marys]) {
      const cids = [chat, NOWHERE, "no/such:id"];
      const { convMessage } = await device.ask({ cmd: "conv", op: "is_member", convMessage: { cids } });
      expect(JSON.parse(convMessage?.results?.data ?? "")).toEqual({
        [chat]: false,
        [NOWHERE]: false,
        "no/such:id": false,
      });
    }
    const other = await start(toms, [mary]);
    const { convMessage } = await marys.ask({
      cmd: "conv",
      op: "is_member",
      convMessage: { cids: [chat, other] },
    });
    expect(JSON.parse(convMessage?.results?.data ?? "")).toEqual({ [chat]: false, [other]: true });
    const members = await toms.ask({ cmd: "conv", op: "members", convMessage: { cid: other, limit: 50 } });
    expect(refusal(members)).toBe("4316 TRANSIENT_CONVERSATION_REQUIRED");
  });

  test("[M-46] mute and unmute change udate and mu and cause no event", async () => {
    const { jerry, tom, toms, jerrys, marys, chat } = await chatOf();
    const tablet = await WorkerdDevice.of(tom);
    const mute = async (device: WorkerdDevice, op: "mute" | "unmute") => {
      const { convMessage } = await device.ask({ cmd: "conv", op, convMessage: { cid: chat } });
      return Date.parse(convMessage?.udate ?? "");
    };
    const times = [await mute(toms, "mute")];
    expect((await look(toms, chat)).mu).toEqual([tom]);
    times.push(await mute(jerrys, "mute"));
    expect((await look(toms, chat)).mu).toEqual([jerry, tom]);
    expect((await query(toms, { mu: tom, objectId: chat })).map(({ objectId }) => objectId)).toEqual([chat]);
    times.push(await mute(toms, "unmute"));
    times.push(await mute(toms, "unmute"));
    expect((await look(toms, chat)).mu).toEqual([jerry]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(times).size).toBe(4);
    await settle(chat, jerrys, toms, tablet);
    expect(notices(tablet, chat)).toEqual([]);
    expect(notices(toms, chat)).toHaveLength(2);
    const stranger = await marys.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } });
    expect(refusal(stranger)).toBe("4317 CONVERSATION_MEMBERSHIP_REQUIRED");
  });

  test("[M-46] a member that muted the conversation still receives everything, and leaving ends the mute", async () => {
    const { jerry, toms, jerrys, chat } = await chatOf();
    await jerrys.ask({ cmd: "conv", op: "mute", convMessage: { cid: chat } });
    await say(toms, chat, "psst");
    await jerrys.message("psst");
    await change(jerrys, "remove", chat, [jerry]);
    expect((await look(toms, chat)).mu).toEqual([]);
    await change(jerrys, "add", chat, [jerry]);
    expect((await look(toms, chat)).mu).toEqual([]);
  });
});

describe("updating", () => {
  test("[B-18] an update is sent to all sessions of all members except the one that made it", async () => {
    const { tom, toms, jerrys, marys, chat } = await chatOf();
    const tablet = await WorkerdDevice.of(tom);
    const reply = await update(toms, chat, { name: "Cheese" });
    await settle(chat, toms, jerrys, tablet);
    await settle(chat, jerrys, toms);
    expect(notices(jerrys, chat).slice(2)).toEqual([`updated by ${tom}`]);
    expect(notices(tablet, chat)).toEqual([`updated by ${tom}`]);
    expect(notices(toms, chat)).toHaveLength(2);
    expect(notices(marys, chat)).toEqual([]);
    const push = await jerrys.push("conv", "updated");
    expect(push.convMessage?.udate).toBe(reply.convMessage?.udate);
    expect(updated(push)).toEqual(updated(reply));
  });

  const before = { name: "Cheese", topic: "food", attr: { a: 1, deep: { x: 1, y: 2 }, list: ["p", "q"] } };
  const { attr: attributes } = before;

  test.each<[string, object, object, object]>([
    ["a name", { name: "Holes" }, { name: "Holes" }, { name: "Holes" }],
    ["attr whole", { attr: { z: 1 } }, { attr: { z: 1 } }, { attr: { z: 1 } }],
    ["a path", { "attr.a": 2 }, { "attr.a": 2 }, { attr: { ...attributes, a: 2 } }],
    [
      "a deep path",
      { "attr.deep.x": [1] },
      { "attr.deep.x": [1] },
      { attr: { ...attributes, deep: { x: [1], y: 2 } } },
    ],
    [
      "a path that was not there",
      { "attr.new.deeper.still": 1 },
      { "attr.new.deeper.still": 1 },
      { attr: { ...attributes, new: { deeper: { still: 1 } } } },
    ],
    ["a column on top", { topic: "drink" }, { topic: "drink" }, { topic: "drink" }],
    ["a new column on top", { year: 2024 }, { year: 2024 }, { year: 2024 }],
    [
      "several at once",
      { name: "Holes", "attr.a": 2, "attr.b": 3 },
      { name: "Holes", "attr.a": 2, "attr.b": 3 },
      { name: "Holes", attr: { ...attributes, a: 2, b: 3 } },
    ],
    [
      "Delete in attr",
      { "attr.a": { __op: "Delete" } },
      { "attr.a": null },
      { attr: { deep: attributes.deep, list: attributes.list } },
    ],
    ["Delete of a name", { name: { __op: "Delete" } }, { name: null }, {}],
    ["Delete of a column on top", { topic: { __op: "Delete" } }, { topic: null }, {}],
    ["Delete of nothing", { "attr.none": { __op: "Delete" } }, { "attr.none": null }, { attr: attributes }],
    [
      "Increment",
      { "attr.a": { __op: "Increment", amount: 41 } },
      { "attr.a": 42 },
      { attr: { ...attributes, a: 42 } },
    ],
    [
      "Increment from nothing",
      { "attr.n": { __op: "Increment", amount: -1 } },
      { "attr.n": -1 },
      { attr: { ...attributes, n: -1 } },
    ],
    [
      "Add",
      { "attr.list": { __op: "Add", objects: ["q", "r"] } },
      { "attr.list": ["p", "q", "q", "r"] },
      { attr: { ...attributes, list: ["p", "q", "q", "r"] } },
    ],
    [
      "AddUnique",
      { "attr.list": { __op: "AddUnique", objects: ["q", "r"] } },
      { "attr.list": ["p", "q", "r"] },
      { attr: { ...attributes, list: ["p", "q", "r"] } },
    ],
    [
      "Remove",
      { "attr.list": { __op: "Remove", objects: ["q"] } },
      { "attr.list": ["p"] },
      { attr: { ...attributes, list: ["p"] } },
    ],
  ])("[wire §4.5.4] an update applies an operation: %s", async (_, changes, changed, resulting) => {
    const { toms, jerrys, chat } = await chatOf(["tom", "jerry"], { attr: attr(before) });
    const reply = await update(toms, chat, changes);
    const push = await jerrys.push("conv", "updated");
    expect(updated(reply)).toEqual({ changed, resulting });
    expect(updated(push)).toEqual({ changed, resulting });
    const after = { ...before, ...resulting };
    const found = await look(toms, chat);
    for (const [path, value] of Object.entries(changed)) {
      if (value === null && !path.includes(".")) expect(found).not.toHaveProperty(path);
      else expect(found).toMatchObject(value === null ? { attr: after.attr } : resulting);
    }
    expect(found.attr).toEqual(after.attr);
  });

  test.each<[string, object]>([
    ["an unknown operation", { "attr.a": { __op: "Explode" } }],
    ["Increment of a text", { "attr.text": { __op: "Increment", amount: 1 } }],
    ["Add to a number", { "attr.a": { __op: "Add", objects: [1] } }],
    ["a path through a number", { "attr.a.b": 1 }],
    ["a path that ends nowhere", { "attr.": 1 }],
    ["a name that is no text", { name: { a: 1 } }],
    ["attr that is no object", { attr: "x" }],
    ["a prototype", { "attr.__proto__.polluted": true }],
    ["a name too long", { name: "x".repeat(1_025) }],
    ["attributes too large", { "attr.long": "x".repeat(70_000) }],
  ])(
    "[wire §4.5.4] an update with %s is refused with 4306 and changes nothing, nor do its other changes",
    async (_, changes) => {
      const { toms, jerrys, chat } = await chatOf(["tom", "jerry"], {
        attr: attr({ attr: { a: 1, text: "x" } }),
      });
      const known = await look(toms, chat);
      expect(refusal(await update(toms, chat, { topic: "food", ...changes }))).toBe(
        "4306 CONVERSATION_UPDATE_FAILED",
      );
      expect(await look(toms, chat)).toEqual(known);
      await settle(chat, toms, jerrys);
      expect(notices(jerrys, chat)).toHaveLength(2);
    },
  );

  test("[B-17] an update by a stranger is refused with 4309", async () => {
    const { marys, toms, chat } = await chatOf();
    expect(refusal(await update(marys, chat, { name: "Mine" }))).toBe("4309 CONVERSATION_UPDATE_REJECTED");
    expect(await look(toms, chat)).not.toHaveProperty("name");
  });

  test("[I2] concurrent updates from many devices all count, and every device receives them in one order", async () => {
    const { tom, toms, jerrys, chat } = await chatOf();
    const devices = [toms, jerrys, await WorkerdDevice.of(tom), await WorkerdDevice.of(tom)];
    const increment = { "attr.n": { __op: "Increment", amount: 1 } };
    const replies = await Promise.all(
      devices.flatMap((device) => Array.from({ length: 5 }, () => update(device, chat, increment))),
    );
    expect((await look(toms, chat)).attr).toEqual({ n: 20 });
    expect(new Set(replies.map(({ convMessage }) => convMessage?.udate)).size).toBe(20);
    await settle(chat, toms, jerrys);
    const seen = jerrys.received
      .filter((frame) => frame.op === OpType.updated)
      .map((frame) => frame.convMessage?.udate);
    expect(seen).toEqual(seen.toSorted());
    expect(seen).toHaveLength(20);
  });
});

describe("querying", () => {
  test("[B-20] a query without a condition finds at most 10 of the client's conversations, latest message first", async () => {
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const mine: string[] = [];
    for (let at = 0; at < 11; at++) mine.push(await start(toms, [tom], { unique: false }));
    await start(jerrys, [jerry]);
    for (const where of [undefined, {}]) {
      const found = await query(toms, where);
      expect(found).toHaveLength(10);
      for (const { objectId } of found) expect(mine).toContain(objectId);
    }
    const all = await query(toms, undefined, { limit: 100 });
    expect(new Set(all.map(({ objectId }) => objectId))).toEqual(new Set(mine));
    const rest = await query(toms, undefined, { skip: 10 });
    expect(rest).toHaveLength(1);
    expect(await query(toms, undefined, { limit: 0 })).toEqual([]);
  });

  test("[B-20] the very next query reflects a conversation that was created, joined or left", async () => {
    const { tom, jerry, mary, toms, marys, chat } = await chatOf();
    expect((await query(marys, undefined)).length).toBe(0);
    await change(toms, "add", chat, [mary]);
    expect((await query(marys, undefined)).map(({ objectId }) => objectId)).toEqual([chat]);
    expect(await query(toms, { m: { $all: [tom, mary] } })).toHaveLength(1);
    expect(await query(toms, { m: { $size: 3 }, objectId: chat })).toHaveLength(1);
    await change(toms, "remove", chat, [mary]);
    expect(await query(marys, undefined)).toEqual([]);
    expect(await query(toms, { m: mary })).toEqual([]);
    expect(await query(toms, { m: jerry })).toHaveLength(1);
  });

  test("[B-20] a query finds conversations by name, attributes and patterns, for strangers too", async () => {
    const { tom, toms, marys, chat } = await chatOf(["tom"], {
      attr: attr({ name: "Cheese Lovers", topic: "food", attr: { n: 7 } }),
    });
    const conditions = [
      { name: "Cheese Lovers" },
      { name: { $regex: "^Cheese" } },
      { name: { $regex: "\\Qcheese l\\E", $options: "i" } },
      { topic: "food" },
      { topic: { $in: ["drink", "food"] } },
      { "attr.n": 7 },
      { "attr.n": { $gt: 6, $lte: 7 } },
    ];
    // Strangers find by what the app said of a conversation only: see visibility.test.ts.
    const conditionsOfMembers = [
      { "attr.none": { $exists: false } },
      { createdAt: { $lte: { __type: "Date", iso: new Date(Date.now() + 60_000).toISOString() } } },
      { $or: [{ name: "x" }, { "attr.n": { $ne: 8 } }] },
      { m: tom },
      { tr: { $ne: true } },
    ];
    for (const [device, asked] of [
      [marys, conditions],
      [toms, [...conditions, ...conditionsOfMembers]],
    ] as const) {
      for (const condition of asked) {
        const found = await query(device, { c: tom, ...condition });
        expect(
          found.map(({ objectId }) => objectId),
          JSON.stringify(condition),
        ).toEqual([chat]);
      }
    }
    for (const condition of [
      { name: "cheese lovers" },
      { "attr.n": "7" },
      { tr: true },
      { m: { $size: 2 } },
    ]) {
      expect(await query(marys, { c: tom, ...condition }), JSON.stringify(condition)).toEqual([]);
    }
  });

  test("[B-20] sort, skip and limit work alike on objects and on D1", async () => {
    const { tom, toms } = await onlineClients("tom");
    const chats: string[] = [];
    for (const name of ["b", "a", "c"])
      chats.push(await start(toms, [tom], { unique: false, attr: attr({ name }) }));
    const ids = (where: object, more: object) =>
      query(toms, where, more).then((found) => found.map(({ objectId }) => chats.indexOf(objectId)));
    for (const where of [{ c: tom }, { objectId: { $in: [...chats].reverse() } }]) {
      expect(await ids(where, { sort: "createdAt" })).toEqual([0, 1, 2]);
      expect(await ids(where, { sort: "-createdAt" })).toEqual([2, 1, 0]);
      expect(await ids(where, { sort: "name" })).toEqual([1, 0, 2]);
      expect(await ids(where, { sort: "-name", skip: 1, limit: 1 })).toEqual([0]);
      expect(await ids(where, { sort: "createdAt", skip: 1, limit: 999 })).toEqual([1, 2]);
      expect(await ids(where, { sort: "createdAt", limit: -1 })).toEqual([0, 1, 2]);
    }
  });

  test("[B-21] [B-22] compact results have no members, and the last message is there when it was requested", async () => {
    const { tom, jerry, toms, jerrys, chat } = await chatOf();
    const ack = await say(toms, chat, "hello", { mentionAll: true, mentionPids: [jerry] });
    for (const device of [toms, jerrys]) {
      expect(await look(device, chat, 0)).not.toHaveProperty("msg");
      expect(await look(device, chat, 1)).not.toHaveProperty("m");
      const both = await look(device, chat, 3);
      expect(both).not.toHaveProperty("m");
      expect(both).toMatchObject({
        msg: "hello",
        bin: false,
        msg_mid: ack.ackMessage?.uid,
        msg_from: tom,
        msg_timestamp: Number(ack.ackMessage?.t),
        mention_all: true,
        mention_pids: [jerry],
      });
    }
    const lm = { __type: "Date", iso: new Date(Number(ack.ackMessage?.t)).toISOString() };
    expect((await look(toms, chat)).lm).toEqual(lm);
  });

  test("[B-20] a query with an unknown operator is refused with 4310, never run without it", async () => {
    const { toms } = await chatOf();
    for (const where of [{ name: { $like: "x" } }, { $nor: [] }, { name: { $regex: "(" } }]) {
      expect(refusal(await ask(toms, where)), JSON.stringify(where)).toBe("4310 CONVERSATION_QUERY_FAILED");
    }
    for (const data of ["{", "[]", "5", '{"__proto__":{}}']) {
      expect(refusal(await ask(toms, undefined, { where: { data } })), data).toBe(
        "4310 CONVERSATION_QUERY_FAILED",
      );
    }
    expect(refusal(await ask(toms, undefined, { sort: "$name" }))).toBe("4310 CONVERSATION_QUERY_FAILED");
  });

  test("[wire §4.5.3] a query by unknown ids is no error, and each found conversation comes back once", async () => {
    const { toms, chat } = await chatOf();
    expect(await query(toms, { objectId: NOWHERE })).toEqual([]);
    expect(await query(toms, { objectId: "no/such:id" })).toEqual([]);
    expect(await query(toms, { objectId: { $in: [] } })).toEqual([]);
    const found = await query(toms, { objectId: { $in: [chat, NOWHERE, chat, ""] } }, { limit: 999 });
    expect(found.map(({ objectId }) => objectId)).toEqual([chat]);
    expect(await query(toms, undefined, { tempConvIds: ["_tmp:none", chat] })).toEqual([]);
  });

  test("[wire §7] operations on an unknown conversation are refused as such", async () => {
    const { toms, jerry } = await chatOf();
    for (const cid of [NOWHERE, "no/such:id", "x".repeat(200)]) {
      for (const op of [
        "add",
        "remove",
        "update",
        "count",
        "mute",
        "unmute",
        "members",
        "max_read",
      ] as const) {
        const reply = await toms.ask({ cmd: "conv", op, convMessage: { cid, m: [jerry] } });
        expect(refusal(reply), op).toBe("4303 CONVERSATION_NOT_FOUND");
      }
      expect(refusal(await toms.ask({ cmd: "logs", logsMessage: { cid } }))).toBe(
        "4303 CONVERSATION_NOT_FOUND",
      );
      expect(refusal(await say(toms, cid, "hi"))).toBe("4401 INVALID_MESSAGING_TARGET");
    }
  });
});
