import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { change, look, named, notices, query, refusal, settle, start, update } from "../support/chat.ts";
import { has } from "../support/frames.ts";
import { attr, updated } from "./support/attributes.ts";
import { onlineClients, trioChat } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

beforeAll(() => openWorld());
afterEach(() => configure({ limits: { members: null } }));

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function begin(device: WorkerdDevice, m: string[], more: object = {}): Promise<GenericCommand> {
  return device.ask({ cmd: "conv", op: "start", convMessage: { m, ...more } });
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
    const { tom, jerry, mary, toms, jerrys, chat } = await trioChat(["tom", "jerry", "mary"], {
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
