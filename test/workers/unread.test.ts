import { beforeAll, expect, test } from "vitest";
import { CommandType } from "../../src/protocol/generated/message_pb.js";
import { change, heard, history, named, say, settle, start } from "../support/chat.ts";
import { type CommandInit, has } from "../support/frames.ts";
import { onlineClients } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

beforeAll(() => openWorld());

/** "3 hello" for each conversation of the next unread push, by the names they have here. */
async function news(device: WorkerdDevice, chats: Record<string, string>): Promise<string[]> {
  const push = await device.push("unread");
  const names = Object.fromEntries(Object.entries(chats).map(([name, id]) => [id, name]));
  return (push.unreadMessage?.convs ?? []).map(({ cid, unread, data }) => `${names[cid]}: ${unread} ${data}`);
}

function unreads(device: WorkerdDevice): GenericCommand[] {
  return device.pushes().filter((push) => push.cmd === CommandType.unread);
}

function read(device: WorkerdDevice, cid: string, more: { timestamp?: number; mid?: string } = {}): void {
  device.send({ cmd: "read", peerId: device.clientId, readMessage: { convs: [{ cid, ...more }] } });
}

/** Tom on a device; Jerry and Mary have never logged in. */
async function tomOnline() {
  const [jerry, mary] = named("jerry", "mary");
  const { tom, toms } = await onlineClients("tom");
  return { tom, jerry, mary, toms };
}

test("[Y-07] [Y-10] a login receives exactly the unread counts over 0, newest first", async () => {
  const { tom, jerry, mary, toms } = await tomOnline();
  const chats: Record<string, string> = {};
  for (const name of ["first", "second", "quiet", "third"]) {
    chats[name] = await start(toms, [tom, jerry, mary], { unique: false });
  }
  const { first = "", second = "", third = "" } = chats;
  await say(toms, third, "3a");
  await say(toms, first, "1a");
  await say(toms, second, "2a");
  await say(toms, first, "1b");
  const last = await say(toms, first, "1c", { mentionPids: [mary] });
  const jerrys = await WorkerdDevice.of(jerry);
  expect(await news(jerrys, chats)).toEqual(["first: 3 1c", "second: 1 2a", "third: 1 3a"]);
  const [push] = unreads(jerrys);
  expect(Number(push?.unreadMessage?.notifTime)).toBeGreaterThanOrEqual(Number(last.ackMessage?.t));
  expect(push?.unreadMessage?.convs[0]).toMatchObject({
    cid: first,
    mid: last.ackMessage?.uid,
    timestamp: last.ackMessage?.t,
    from: tom,
    mentioned: false,
    convType: 1,
  });
  const marys = await WorkerdDevice.of(mary);
  expect(await news(marys, chats)).toEqual(["first: 3 1c", "second: 1 2a", "third: 1 3a"]);
  expect(unreads(marys)[0]?.unreadMessage?.convs.map(({ mentioned }) => mentioned)).toEqual([
    true,
    false,
    false,
  ]);
  for (const device of [jerrys, marys]) {
    await settle(first, toms, device);
    expect(unreads(device)).toHaveLength(1);
  }
});

test("[I4] messages to an offline member are in their history when they log in", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const jerrys = await WorkerdDevice.of(jerry);
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "there");
  await jerrys.message("there");
  jerrys.close();
  for (const text of ["gone 1", "gone 2"]) await say(toms, chat, text);
  const again = await WorkerdDevice.of(jerry);
  expect(await history(again, chat)).toEqual(["there", "gone 1", "gone 2"]);
  await say(toms, chat, "back");
  await again.message("back");
  await settle(chat, toms, again);
  expect(heard(again, chat).filter((text) => text !== "back").length).toBeLessThanOrEqual(2);
});

test("[Y-14] [I5] messages received live count until they are read, through any number of logins", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry]);
  for (let round = 1; round <= 3; round++) {
    const jerrys = await WorkerdDevice.of(jerry);
    if (round > 1) expect(await news(jerrys, { chat })).toEqual([`chat: ${round - 1} live ${round - 1}`]);
    await say(toms, chat, `live ${round}`);
    await jerrys.message(`live ${round}`);
    jerrys.close();
  }
});

test("[I5] unread counts are exact, also beyond a hundred", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry]);
  for (let i = 1; i <= 150; i++)
    toms.send({ cmd: "direct", peerId: tom, i: 1_000 + i, directMessage: { cid: chat, msg: `${i}` } });
  await toms.answer(1_150);
  expect(await news(await WorkerdDevice.of(jerry), { chat })).toEqual(["chat: 150 150"]);
});

test("[Y-15] [Y-21] a read clears the count on all devices, and it stays cleared", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "one");
  const [phone, tablet] = [await WorkerdDevice.of(jerry), await WorkerdDevice.of(jerry)];
  for (const device of [phone, tablet]) expect(await news(device, { chat })).toEqual(["chat: 1 one"]);
  read(phone, chat);
  for (const device of [phone, tablet]) {
    const [tuple] = (await device.push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.cid, tuple?.unread, tuple?.mentioned, has(tuple, "mid")]).toEqual([chat, 0, false, false]);
  }
  await say(toms, chat, "two");
  await say(toms, chat, "three");
  expect(await news(await WorkerdDevice.of(jerry), { chat })).toEqual(["chat: 2 three"]);
});

test("[wire §4.8] JavaScript, Swift and C# read up to a message, Java with a serial, and none beyond the last one", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const jerrys = await WorkerdDevice.of(jerry);
  const chat = await start(toms, [tom, jerry]);
  const acks: GenericCommand[] = [];
  for (const text of ["1", "2", "3", "4"]) acks.push(await say(toms, chat, text));
  await jerrys.message("4");
  const left = async (more: { timestamp?: number; mid?: string }) => {
    read(jerrys, chat, more);
    return (await jerrys.push("unread")).unreadMessage?.convs[0]?.unread;
  };
  const at = (index: number) => Number(acks[index]?.ackMessage?.t);
  expect(await left({ timestamp: at(0) - 1 })).toBe(4);
  expect(await left({ timestamp: at(1), mid: acks[1]?.ackMessage?.uid })).toBe(2);
  // Cursors never move back.
  expect(await left({ timestamp: at(0) })).toBe(2);
  expect(await left({ timestamp: Date.now() + 86_400_000 })).toBe(0);
  await say(toms, chat, "5");
  await jerrys.message("5");
  expect(await left({ timestamp: at(3) })).toBe(1);
  const reply = await jerrys.ask({ cmd: "read", readMessage: { convs: [{ cid: chat }] } });
  expect(reply.cmd).toBe(CommandType.read);
  expect((await jerrys.push("unread")).unreadMessage?.convs[0]?.unread).toBe(0);
});

test("[wire §4.8] one read of several conversations clears each", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chats = [
    await start(toms, [tom, jerry], { unique: false }),
    await start(toms, [tom, jerry], { unique: false }),
  ];
  for (const chat of chats) await say(toms, chat, "hi");
  const jerrys = await WorkerdDevice.of(jerry);
  await jerrys.push("unread");
  jerrys.send({ cmd: "read", peerId: jerry, readMessage: { convs: chats.map((cid) => ({ cid })) } });
  const cleared = [await jerrys.push("unread"), await jerrys.push("unread")].flatMap(
    (push) => push.unreadMessage?.convs ?? [],
  );
  expect(cleared.map(({ cid }) => cid).toSorted()).toEqual(chats.toSorted());
  expect(cleared.map(({ unread }) => unread)).toEqual([0, 0]);
});

test("[I5] [Y-12] a client's own messages are never unread, whichever device they came from", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const jerrys = await WorkerdDevice.of(jerry);
  const chats: Record<string, string> = {};
  chats.mine = await start(jerrys, [tom, jerry], { unique: false });
  chats.ours = await start(jerrys, [tom, jerry], { unique: false });
  await say(jerrys, chats.mine, "I said it");
  await say(toms, chats.ours, "Tom said it");
  await say(jerrys, chats.ours, "I answered");
  jerrys.close();
  expect(await news(await WorkerdDevice.of(jerry), chats)).toEqual(["ours: 1 I answered"]);
});

test("[I8] transient messages are not counted as unread", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "kept");
  await say(toms, chat, "passing", { transient: true });
  expect(await news(await WorkerdDevice.of(jerry), { chat })).toEqual(["chat: 1 kept"]);
});

test("[I5] messages from before joining, or between leaving and joining again, are not unread", async () => {
  const { tom, jerry, mary, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry], { unique: false });
  await say(toms, chat, "before");
  await change(toms, "add", chat, [mary]);
  await say(toms, chat, "after");
  expect(await news(await WorkerdDevice.of(mary), { chat })).toEqual(["chat: 1 after"]);
  await change(toms, "remove", chat, [jerry]);
  await say(toms, chat, "meanwhile");
  await change(toms, "add", chat, [jerry]);
  await say(toms, chat, "again");
  expect(await news(await WorkerdDevice.of(jerry), { chat })).toEqual(["chat: 1 again"]);
});

test("[B-06] a member that was removed while offline receives no unread count of that conversation", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chats: Record<string, string> = {};
  chats.left = await start(toms, [tom, jerry], { unique: false });
  chats.kept = await start(toms, [tom, jerry], { unique: false });
  await say(toms, chats.left, "missed");
  await change(toms, "remove", chats.left, [jerry]);
  await say(toms, chats.left, "not for him");
  await say(toms, chats.kept, "for him");
  expect(await news(await WorkerdDevice.of(jerry), chats)).toEqual(["kept: 1 for him"]);
});

test("[Y-09] [wire §5.5] an unread count shows mentions of all or of the reader, in unread messages only", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const mentions: [string, CommandInit["directMessage"], boolean][] = [
    ["all", { mentionAll: true }, true],
    ["me", { mentionPids: ["x", jerry] }, true],
    ["others", { mentionPids: ["x", `${jerry}x`] }, false],
    ["nobody", {}, false],
  ];
  const chats: Record<string, boolean> = {};
  for (const [, mention, mentioned] of mentions) {
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "hi", mention);
    await say(toms, chat, "later");
    chats[chat] = mentioned;
  }
  const jerrys = await WorkerdDevice.of(jerry);
  const tuples = (await jerrys.push("unread")).unreadMessage?.convs ?? [];
  expect(Object.fromEntries(tuples.map(({ cid, mentioned }) => [cid, mentioned]))).toEqual(chats);
  for (const chat of Object.keys(chats)) {
    read(jerrys, chat);
    await jerrys.push("unread");
    await say(toms, chat, "again");
    await jerrys.message("again");
  }
  const again = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
  expect(again.map(({ unread, mentioned }) => [unread, mentioned])).toEqual(again.map(() => [1, false]));
});

test("[wire §5.5] more than fifty unread counts come in several events, newest first, each once", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chats: string[] = [];
  for (let at = 0; at < 60; at++) {
    const chat = await start(toms, [tom, jerry], { unique: false });
    await say(toms, chat, "hi");
    chats.unshift(chat);
  }
  const jerrys = await WorkerdDevice.of(jerry);
  const pages = [await jerrys.push("unread"), await jerrys.push("unread")];
  expect(pages.map((page) => page.unreadMessage?.convs.length)).toEqual([50, 10]);
  expect(pages.flatMap((page) => page.unreadMessage?.convs ?? []).map(({ cid }) => cid)).toEqual(chats);
});

test("[wire §5.5b] a `.1` device is sent no unread counts, at login or later", async () => {
  const { tom, jerry, toms } = await tomOnline();
  const chat = await start(toms, [tom, jerry]);
  await say(toms, chat, "missed");
  const phone = await WorkerdDevice.of(jerry, { protocol: "lc.protobuf2.1" });
  const tablet = await WorkerdDevice.of(jerry);
  await tablet.push("unread");
  tablet.send({ cmd: "read", peerId: jerry, readMessage: { convs: [{ cid: chat }] } });
  await tablet.push("unread");
  await settle(chat, toms, phone, tablet);
  expect(unreads(phone)).toEqual([]);
});
