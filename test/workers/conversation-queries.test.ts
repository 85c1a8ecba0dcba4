import { beforeAll, describe, expect, test } from "vitest";
import { ask, change, look, query, refusal, say, start } from "../support/chat.ts";
import { attr } from "./support/attributes.ts";
import { onlineClients, trioChat } from "./support/pair-chat.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

const NOWHERE = "f".repeat(24);

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
    const { tom, jerry, mary, toms, marys, chat } = await trioChat();
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
    const { tom, toms, marys, chat } = await trioChat(["tom"], {
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
    const { tom, jerry, toms, jerrys, chat } = await trioChat();
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
    const { toms } = await trioChat();
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
    const { toms, chat } = await trioChat();
    expect(await query(toms, { objectId: NOWHERE })).toEqual([]);
    expect(await query(toms, { objectId: "no/such:id" })).toEqual([]);
    expect(await query(toms, { objectId: { $in: [] } })).toEqual([]);
    const found = await query(toms, { objectId: { $in: [chat, NOWHERE, chat, ""] } }, { limit: 999 });
    expect(found.map(({ objectId }) => objectId)).toEqual([chat]);
    expect(await query(toms, undefined, { tempConvIds: ["_tmp:none", chat] })).toEqual([]);
  });

  test("[wire §7] operations on an unknown conversation are refused as such", async () => {
    const { toms, jerry } = await trioChat();
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
