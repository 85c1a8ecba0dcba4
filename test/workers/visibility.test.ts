import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { change, type Found, look, query, refusal, say, start } from "../support/chat.ts";
import { attr } from "./support/attributes.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { SECRET, secretChat, secretsIn } from "./support/secret-chat.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** [I12] No client reads what its membership does not allow, by any query. */

beforeAll(() => openWorld());
afterEach(() => configure({ security: { findOthers: null, showMembers: null } }));

const ids = (found: Found[]) => found.map(({ objectId }) => objectId);
const later = { __type: "Date", iso: "2099-01-01T00:00:00.000Z" };

describe("by id", () => {
  test("[I12] a query by id shows a stranger no last message, no mutes and no time of the last message", async () => {
    const { tom, jerry, toms, spikes, chat, topic } = await secretChat();
    for (const more of [{ flag: 2 }, { flag: 0 }, { flag: 2, sort: "name" }, { flag: 3 }]) {
      const found = await query(spikes, { objectId: chat }, more);
      expect(ids(found)).toEqual([chat]);
      expect(secretsIn(found)).toEqual([]);
      expect(found[0]).toMatchObject({ name: topic, attr: { topic }, c: tom, muted: false });
    }
    expect((await look(spikes, chat)).m).toEqual([jerry, tom]);
    expect(await look(toms, chat, 2)).toMatchObject({ msg: SECRET, mu: [jerry], lm: expect.anything() });
  });

  test("[I12] a member that left or was removed no longer reads the last message", async () => {
    const { jerry, toms, jerrys, chat } = await secretChat();
    expect(await look(jerrys, chat, 2)).toMatchObject({ msg: SECRET, muted: true });
    await change(toms, "remove", chat, [jerry]);
    await say(toms, chat, "jerry is gone");
    for (const where of [{ objectId: chat }, { objectId: chat, name: { $exists: true } }]) {
      const found = await query(jerrys, where, { flag: 2 });
      expect(ids(found)).toEqual([chat]);
      expect(secretsIn(found)).toEqual([]);
    }
  });

  test("[I12] a setting shows members only to members", async () => {
    await configure({ security: { showMembers: false } });
    const { toms, jerry, tom, spikes, chat } = await secretChat();
    for (const more of [{}, { sort: "name" }]) {
      const [found] = await query(spikes, { objectId: chat }, more);
      expect(found).toMatchObject({ objectId: chat });
      expect(found).not.toHaveProperty("m");
    }
    expect((await look(toms, chat)).m).toEqual([jerry, tom]);
  });

  test("[I12] with members shown only to members, no command shows strangers the number of members", async () => {
    const { jerry, toms, jerrys, spikes, chat } = await secretChat();
    const count = (device: WorkerdDevice) =>
      device.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
    expect((await count(spikes)).convMessage?.count).toBe(2);
    await configure({ security: { showMembers: false } });
    expect(refusal(await count(spikes))).toBe("4317 CONVERSATION_MEMBERSHIP_REQUIRED");
    expect((await count(toms)).convMessage?.count).toBe(2);
    for (const more of [{ flag: 1 }, { flag: 3 }, { flag: 2, sort: "-m" }]) {
      const [found] = await query(spikes, { objectId: chat }, more);
      for (const key of ["m", "uniqueId", "mu", "lm"]) expect(found?.[key] ?? []).toEqual([]);
    }
    const allMembers = { cid: chat, queryAllMembers: true };
    expect(refusal(await spikes.ask({ cmd: "conv", op: "max_read", convMessage: allMembers }))).toMatch(
      /^4317/,
    );
    const asked = await spikes.ask({ cmd: "conv", op: "is_member", convMessage: { cids: [chat] } });
    expect(asked.convMessage?.maxReadTuples).toEqual([]);
    await change(toms, "remove", chat, [jerry]);
    expect(refusal(await count(jerrys))).toMatch(/^4317/);
  });
});

describe("by conditions", () => {
  test("[I12] a stranger's query finds the attributes of a conversation, without members, mutes and messages", async () => {
    const { spikes, chat, topic } = await secretChat();
    for (const where of [
      { name: topic },
      { "attr.topic": topic },
      { colour: topic },
      { name: { $regex: `^${topic}$` } },
      { colour: { $regex: `\\Q${topic}\\E`, $options: "i" } },
      { "attr.topic": topic, createdAt: { $lte: later } },
      { $or: [{ "attr.topic": topic }, { colour: topic }] },
    ]) {
      const found = await query(spikes, where, { flag: 2 });
      expect(ids(found), JSON.stringify(where)).toEqual([chat]);
      expect(secretsIn(found)).toEqual([]);
      expect(found[0]).not.toHaveProperty("m");
      expect(found[0]).not.toHaveProperty("uniqueId");
    }
  });

  test("no query shows who talks with whom, and a condition that is always true finds only the client's own", async () => {
    const { tom, jerry, spike, spikes, topic } = await secretChat();
    const own = await start(spikes, [spike], { unique: false, attr: attr({ name: "kennel" }) });
    for (const where of [
      { m: tom },
      { m: { $in: [tom, jerry] } },
      { m: { $all: [tom, jerry] } },
      { m: { $regex: `^${tom}` } },
      { m: { $ne: spike } },
      { m: { $size: 2 } },
      { "attr.topic": topic, m: tom },
      { "attr.topic": topic, m: { $nin: [tom] } },
      { "attr.topic": topic, m: { $size: 2 } },
      { "attr.topic": topic, mu: jerry },
      { "attr.topic": topic, mu: { $ne: jerry } },
      { "attr.topic": topic, lm: { $lte: later } },
      { "attr.topic": topic, lm: { $exists: false } },
      { $or: [{ "attr.topic": topic }, { m: tom }] },
      { $and: [{ name: topic }, { $or: [{ mu: jerry }, { name: topic }] }] },
      { uniqueId: { $exists: true } },
      { c: tom },
      { createdAt: { $exists: true } },
      { createdAt: { $lte: later } },
      { objectId: { $exists: true } },
      { objectId: { $ne: "none" } },
      { attr: { $exists: true } },
      { name: { $ne: "kennel" } },
      { "attr.topic": { $exists: false } },
      { "attr.topic": { $in: [topic, null] } },
      { conv_type: 1 },
      { tr: false },
      { tr: { $ne: true } },
      { unique: false },
      { $or: [{ "attr.topic": topic }, { createdAt: { $exists: true } }] },
    ]) {
      const found = await query(spikes, where, { flag: 2, limit: 100 });
      expect(
        ids(found).filter((id) => id !== own),
        JSON.stringify(where),
      ).toEqual([]);
    }
  });

  test("one's own conversations are found by anything, with all that members see", async () => {
    const { tom, jerry, toms, chat, topic } = await secretChat();
    for (const where of [
      undefined,
      { m: jerry },
      { m: { $all: [tom, jerry] } },
      { mu: jerry, createdAt: { $exists: true } },
      { lm: { $exists: true } },
      { c: tom },
      { "attr.topic": topic, m: tom },
      { $or: [{ m: tom }, { "attr.topic": "something else" }] },
    ]) {
      const found = await query(toms, where, { flag: 2 });
      expect(ids(found), JSON.stringify(where)).toEqual([chat]);
      expect(found[0]).toMatchObject({ msg: SECRET, mu: [jerry], m: [jerry, tom], muted: false });
    }
  });

  test("the order of results does not show when others last sent messages", async () => {
    const { tom, toms, spikes } = await onlineClients("tom", "spike");
    const chats: string[] = [];
    for (let at = 0; at < 4; at++) {
      chats.push(await start(toms, [tom], { unique: false, attr: attr({ attr: { topic: tom } }) }));
    }
    for (const chat of chats.toReversed()) await say(toms, chat, "psst");
    // By id, as everything without a last message is.
    for (const sort of ["-lm", "lm", "m", "-mu"]) {
      const found = await query(spikes, { "attr.topic": tom }, { sort });
      expect(ids(found), sort).toEqual(chats.toSorted());
    }
  });

  test("an app can allow clients to find no conversations of others, or all of them", async () => {
    const { tom, jerry, spikes, chat, topic } = await secretChat();
    await configure({ security: { findOthers: "nobody" } });
    expect(await query(spikes, { "attr.topic": topic })).toEqual([]);
    expect(ids(await query(spikes, { objectId: chat }))).toEqual([chat]);
    await configure({ security: { findOthers: "anyone" } });
    for (const where of [
      { m: { $all: [tom, jerry] } },
      { "attr.topic": topic },
      { name: topic, tr: false },
    ]) {
      const found = await query(spikes, where, { flag: 2 });
      expect(ids(found), JSON.stringify(where)).toEqual([chat]);
      expect(found[0]?.m).toEqual([jerry, tom]);
      expect(secretsIn(found)).toEqual([]);
    }
    for (const where of [
      { name: topic, mu: jerry },
      { name: topic, lm: { $lte: later } },
    ]) {
      expect(await query(spikes, where), JSON.stringify(where)).toEqual([]);
    }
  });
});

test("strangers are refused in history, receipts, mutes and changes", async () => {
  const { spikes, chat, tom } = await secretChat();
  const attempt = async (frame: Parameters<WorkerdDevice["ask"]>[0]) => refusal(await spikes.ask(frame));
  expect(await attempt({ cmd: "logs", logsMessage: { cid: chat } })).toMatch(/^4312/);
  expect(await attempt({ cmd: "conv", op: "max_read", convMessage: { cid: chat } })).toMatch(/^4317/);
  expect(await attempt({ cmd: "conv", op: "mute", convMessage: { cid: chat } })).toMatch(/^4317/);
  expect(await attempt({ cmd: "conv", op: "remove", convMessage: { cid: chat, m: [tom] } })).toMatch(/^4317/);
  expect(refusal(await say(spikes, chat, "woof"))).toMatch(/^4401/);
});
