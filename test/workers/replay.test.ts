import { beforeAll, describe, expect, test } from "vitest";
import { change, heard, history, named, say, settle, start } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { has } from "../support/frames.ts";
import { acknowledge, caughtUp, edit, loggedIn, namedBy, pushesOf, read } from "./support/commands.ts";
import { onlineClients, tomsChat } from "./support/pair-chat.ts";
import { type GenericCommand, WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld } from "./support/world.ts";

/** Devices that speak `lc.protobuf2.1`: the cloud pushes what they missed (Y-02). */

beforeAll(() => openWorld());

const PUSH = "lc.protobuf2.1";

const pushDevice = (clientId: string, session: CommandInit["sessionMessage"] = {}) =>
  loggedIn(clientId, session, PUSH);

/** Tom on a `.3` device and Jerry, whose `.1` phone has been here once and is off. */
async function chatWithPushDevice() {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const phone = await pushDevice(jerry);
  const chat = await start(toms, [tom, jerry], { unique: false });
  await phone.push("conv", "members_joined");
  await phone.ask({ cmd: "session", op: "close" });
  return { tom, jerry, toms, chat };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);

/** Tom says "1" to `count`; the acks. */
async function sayMany(device: WorkerdDevice, chat: string, count: number): Promise<GenericCommand[]> {
  for (let at = 1; at <= count; at += 1) {
    device.send({
      cmd: "direct",
      peerId: device.clientId,
      i: 5_000 + at,
      directMessage: { cid: chat, msg: `${at}` },
    });
  }
  const acks: GenericCommand[] = [];
  for (let at = 1; at <= count; at += 1) acks.push(await device.answer(5_000 + at));
  return acks;
}

/** What a device was replayed, once nothing more comes. */
async function replayed(device: WorkerdDevice, chat: string, toms: WorkerdDevice): Promise<string[]> {
  await caughtUp(chat, device);
  await settle(chat, toms, device);
  return heard(device, chat);
}

describe("at login", () => {
  test("[Y-02] [wire §5.5b] missed messages are replayed at login, oldest first and marked offline", async () => {
    const { tom, jerry, toms, chat } = await chatWithPushDevice();
    const [first] = await sayMany(toms, chat, 5);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(1, 5));
    const messages = pushesOf(phone, "direct").filter(({ directMessage }) => !directMessage?.transient);
    for (const { peerId, service, directMessage } of messages) {
      expect([peerId, service, directMessage?.offline, directMessage?.hasMore]).toEqual([
        jerry,
        2,
        true,
        false,
      ]);
      expect(directMessage).toMatchObject({ cid: chat, fromPeerId: tom, convType: 1 });
    }
    expect(messages[0]?.directMessage).toMatchObject({
      id: first?.ackMessage?.uid,
      timestamp: first?.ackMessage?.t,
    });
  });

  test("[L-09] the newest twenty missed messages of a conversation are replayed, and the oldest of them shows that there are more", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await sayMany(toms, chat, 23);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(4, 23));
    const more = pushesOf(phone, "direct").map(({ directMessage }) => directMessage?.hasMore);
    expect(more.slice(0, 20)).toEqual([true, ...Array.from({ length: 19 }, () => false)]);
    expect(await history(phone, chat)).toEqual(range(1, 23));
  });

  test("[Y-02] [L-09] what the newest twenty left out is replayed to no other `.1` device once they are acknowledged, and stays in history", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const acks = await sayMany(toms, chat, 23);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(4, 23));
    acknowledge(phone, chat, {
      fromts: Number(acks[3]?.ackMessage?.t),
      tots: Number(acks[22]?.ackMessage?.t),
    });
    await settle(chat, phone, toms);
    const tablet = await pushDevice(jerry);
    expect(await replayed(tablet, chat, toms)).toEqual([]);
    expect(await history(tablet, chat)).toEqual(range(1, 23));
  });

  test("[L-09] twenty missed messages of each conversation are replayed", async () => {
    const { tom, jerry, toms, chat } = await chatWithPushDevice();
    const second = await start(toms, [tom, jerry], { unique: false });
    await sayMany(toms, chat, 21);
    await sayMany(toms, second, 20);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(2, 21));
    expect(await replayed(phone, second, toms)).toEqual(range(1, 20));
    const marked = pushesOf(phone, "direct").filter(({ directMessage }) => directMessage?.hasMore);
    expect(marked.map(({ directMessage }) => directMessage?.cid)).toEqual([chat]);
  });

  test("[wire §5.5b] a `.1` device is sent no unread counts, at login or after a read", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await say(toms, chat, "missed");
    const phone = await pushDevice(jerry);
    await phone.message("missed");
    const tablet = await WorkerdDevice.of(jerry);
    await tablet.push("unread");
    for (const device of [tablet, phone]) read(device, chat);
    await tablet.push("unread");
    await caughtUp(chat, phone, tablet);
    await settle(chat, toms, phone, tablet);
    expect(pushesOf(phone, "unread")).toEqual([]);
  });

  test("[B-12] one's own messages are not replayed", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const tablet = await WorkerdDevice.of(jerry);
    await say(toms, chat, "Tom's");
    await say(tablet, chat, "Jerry's own");
    await say(toms, chat, "Tom's again");
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(["Tom's", "Tom's again"]);
  });

  test("[M-26] [I8] transient messages are not replayed", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await say(toms, chat, "passing", { transient: true });
    await say(toms, chat, "staying");
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(["staying"]);
    expect(phone.texts(chat)).not.toContain("passing");
  });

  test("[gotcha 40] nothing is replayed within 100 ms of opened", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await say(toms, chat, "missed");
    const phone = await pushDevice(jerry);
    await phone.message("missed");
    const [opened, ...later] = phone.framing;
    for (const { at } of later) expect(at - (opened?.at ?? 0)).toBeGreaterThanOrEqual(100);
  });

  test("[M-14] [M-23] edited messages are replayed with their new content, and recalled ones without their old content", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    try {
      await configure({ messages: { allowEdit: true, allowRecall: true } });
      const one = namedBy(chat, await say(toms, chat, "one"));
      await expect.poll(async () => (await edit(toms, one, "changed")).op, { timeout: 8_000 }).toBe(151);
      const phone = await pushDevice(jerry);
      expect(await replayed(phone, chat, toms)).toEqual(["changed"]);
      const { directMessage } = pushesOf(phone, "direct")[0] ?? {};
      expect(has(directMessage, "patchTimestamp")).toBe(true);
    } finally {
      await configure({ messages: { allowEdit: false, allowRecall: false } });
    }
  });

  test("[I12] a removed member is sent no replay, and messages from before joining are not missed", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const other = await start(toms, [toms.clientId], { unique: false });
    await say(toms, other, "before Jerry");
    await change(toms, "add", other, [jerry]);
    await say(toms, other, "after Jerry");
    await say(toms, chat, "missed");
    await change(toms, "remove", chat, [jerry]);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, other, toms)).toEqual(["after Jerry"]);
    expect(heard(phone, chat)).toEqual([]);
  });

  test("[Y-02] a client whose very first device is of this kind is sent what it missed since it was added", async () => {
    const { jerry, toms, chat } = await tomsChat();
    await sayMany(toms, chat, 3);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(1, 3));
  });
});

describe("messages until they are acknowledged", () => {
  type Form = (last: { uid: string; t: number }, first: { t: number }) => CommandInit["ackMessage"];
  test.each<[string, Form]>([
    ["by a range", (last, first) => ({ fromts: first.t, tots: last.t })],
    ["by ids", (last) => ({ mid: last.uid })],
    ["after history", (last) => ({ tots: last.t })],
  ])("[M-34] a missed message is replayed at each login until it is acknowledged %s", async (_, form) => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const acks = await sayMany(toms, chat, 4);
    const place = (at: number) => ({
      uid: acks[at]?.ackMessage?.uid ?? "",
      t: Number(acks[at]?.ackMessage?.t),
    });
    for (let round = 0; round < 2; round += 1) {
      const phone = await pushDevice(jerry);
      expect(await replayed(phone, chat, toms)).toEqual(range(1, 4));
      if (round === 1) acknowledge(phone, chat, form(place(1), place(0)));
      await settle(chat, phone, toms);
      await phone.ask({ cmd: "session", op: "close" });
    }
    const half = await pushDevice(jerry);
    expect(await replayed(half, chat, toms)).toEqual(["3", "4"]);
    acknowledge(half, chat, form(place(3), place(2)));
    await settle(chat, half, toms);
    half.close();
    const done = await pushDevice(jerry);
    expect(await replayed(done, chat, toms)).toEqual([]);
  });

  test("[M-34] live messages that were not acknowledged are replayed at the next login", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const phone = await pushDevice(jerry);
    const one = namedBy(chat, await say(toms, chat, "one"));
    await say(toms, chat, "two");
    await phone.message("two");
    acknowledge(phone, chat, { mid: one.mid });
    await settle(chat, phone, toms);
    phone.close();
    const again = await pushDevice(jerry);
    expect(await replayed(again, chat, toms)).toEqual(["two"]);
  });

  test("[M-34] losing the socket right after the acknowledgement loses nothing of it", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const [ack] = await sayMany(toms, chat, 1);
    const phone = await pushDevice(jerry);
    await phone.message("1");
    acknowledge(phone, chat, { mid: ack?.ackMessage?.uid });
    // An answer shows that the acknowledgement before it arrived.
    await phone.ask({ cmd: "conv", op: "count", convMessage: { cid: chat } });
    phone.close();
    const again = await pushDevice(jerry);
    expect(await replayed(again, chat, toms)).toEqual([]);
  });

  test("[Y-14] an acknowledgement clears no unread count", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await say(toms, chat, "one");
    const phone = await pushDevice(jerry);
    const { directMessage } = await phone.message("one");
    acknowledge(phone, chat, { mid: directMessage?.id });
    await settle(chat, phone, toms);
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.cid, tuple?.unread]).toEqual([chat, 1]);
  });

  test("[I10] acknowledgements that make no sense change nothing", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    await sayMany(toms, chat, 2);
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(["1", "2"]);
    for (const form of [{}, { mid: "x" }, { tots: -5 }, { tots: 0 }, { fromts: 9 }])
      acknowledge(phone, chat, form);
    acknowledge(phone, "0".repeat(24), { tots: Date.now() });
    acknowledge(phone, "not an id!", { tots: Date.now() });
    await settle(chat, phone, toms);
    phone.close();
    const again = await pushDevice(jerry);
    expect(await replayed(again, chat, toms)).toEqual(["1", "2"]);
  });

  test("[I5] an acknowledgement of the future covers nothing that is still to come", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const phone = await pushDevice(jerry);
    await say(toms, chat, "one");
    await phone.message("one");
    acknowledge(phone, chat, { tots: Date.now() + 86_400_000 });
    await settle(chat, phone, toms);
    phone.close();
    await say(toms, chat, "two");
    const again = await pushDevice(jerry);
    expect(await replayed(again, chat, toms)).toEqual(["two"]);
  });
});

describe("both kinds of devices", () => {
  test("[Y-06] messages that a `.3` device acknowledged and read are still pending for the `.1` device, and the other way round", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const acks = await sayMany(toms, chat, 3);
    const last = { mid: acks[2]?.ackMessage?.uid };
    const tablet = await WorkerdDevice.of(jerry);
    const [tuple] = (await tablet.push("unread")).unreadMessage?.convs ?? [];
    expect(tuple?.unread).toBe(3);
    await history(tablet, chat);
    acknowledge(tablet, chat, last);
    read(tablet, chat);
    await tablet.push("unread");
    await tablet.ask({ cmd: "session", op: "close" });
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(range(1, 3));
    acknowledge(phone, chat, last);
    await settle(chat, phone, toms);
    await phone.ask({ cmd: "session", op: "close" });
    await say(toms, chat, "4");
    const again = await pushDevice(jerry);
    expect(await replayed(again, chat, toms)).toEqual(["4"]);
    const [later] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([later?.unread, later?.data]).toEqual([1, "4"]);
  });

  test("[Y-06] messages that a `.3` device received live while the `.1` device was offline are replayed to it", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const tablet = await WorkerdDevice.of(jerry);
    await caughtUp(chat, tablet);
    await sayMany(toms, chat, 2);
    await tablet.message("2");
    const phone = await pushDevice(jerry);
    expect(await replayed(phone, chat, toms)).toEqual(["1", "2"]);
    await say(toms, chat, "3");
    await settle(chat, toms, phone, tablet);
    expect([heard(phone, chat), heard(tablet, chat)]).toEqual([range(1, 3), range(1, 3)]);
  });

  test("[Y-06] messages that a `.1` device received live count as unread for the `.3` device", async () => {
    const { jerry, toms, chat } = await chatWithPushDevice();
    const phone = await pushDevice(jerry);
    const acks = await sayMany(toms, chat, 2);
    await phone.message("2");
    acknowledge(phone, chat, { mid: acks[1]?.ackMessage?.uid });
    const [tuple] = (await (await WorkerdDevice.of(jerry)).push("unread")).unreadMessage?.convs ?? [];
    expect([tuple?.unread, tuple?.data]).toEqual([2, "2"]);
  });
});
