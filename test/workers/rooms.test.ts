import { beforeAll, expect, test, vi } from "vitest";
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
  update,
} from "../support/chat.ts";
import { onlineClients, pairChat } from "./support/pair-chat.ts";
import { done, outcome, rest } from "./support/rest.ts";
import { enter, leave, onlineCount, present, roomOf } from "./support/rooms.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, stayAwake, world } from "./support/world.ts";

/** Chat rooms: whoever is there hears, and nobody else is told anything. */

beforeAll(() => openWorld());

const roomRows = async (clientId: string) => {
  const { runInDurableObject } = await import("cloudflare:test");
  return runInDurableObject(world.CLIENTS.getByName(clientId), (_, { storage }) => {
    const tables = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'inbox'").toArray();
    return tables.length === 0 ? 0 : storage.sql.exec("SELECT * FROM inbox").toArray().length;
  });
};

test("[R-01] [R-06] whoever enters a room hears what is said there from then on", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await say(toms, room, "before");
  const entered = await enter(jerrys, room);
  expect(entered.convMessage).toMatchObject({ cid: room, allowedPids: [jerry] });
  expect(entered.convMessage?.udate).toBeDefined();
  await say(toms, room, "hello");
  const push = await jerrys.message("hello");
  expect(push.directMessage).toMatchObject({ cid: room, fromPeerId: tom, convType: 2 });
  await say(jerrys, room, "hi");
  await toms.message("hi");
  await settle(room, toms, jerrys);
  expect(heard(jerrys, room)).toEqual(["hello"]);
  expect(heard(toms, room)).toEqual(["hi"]);
});

test("[R-01] who leaves a room, or disconnects, hears nothing more, and no longer counts", async () => {
  const { toms, jerrys, marys } = await onlineClients("tom", "jerry", "mary");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await enter(marys, room);
  expect(await onlineCount(toms, room)).toBe(3);
  await leave(jerrys, room);
  marys.close();
  await vi.waitFor(async () => expect(await onlineCount(toms, room)).toBe(1));
  await say(toms, room, "alone");
  await jerrys.ask({ cmd: "session", op: "query", sessionMessage: { sessionPeerIds: [] } });
  expect(heard(jerrys, room)).toEqual([]);
});

test("[R-01] [R-07] the creator is in the room at once, and a sample names those present", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  expect(await onlineCount(toms, room)).toBe(1);
  await enter(jerrys, room);
  expect(await present(jerrys, room)).toEqual([jerry, tom].toSorted());
  expect(await present(jerrys, room, 1)).toHaveLength(1);
  const other = await pairChat();
  const members = { cmd: "conv", op: "members", convMessage: { cid: other.chat } } as const;
  expect(refusal(await other.toms.ask(members))).toBe("4316 TRANSIENT_CONVERSATION_REQUIRED");
});

test("[R-02] nobody brings others into a room, or out of it", async () => {
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  expect(refusal(await change(toms, "add", room, [jerry]))).toMatch(/^4314 /);
  await enter(jerrys, room);
  expect(refusal(await change(toms, "remove", room, [jerry]))).toMatch(/^4314 /);
  expect(await onlineCount(toms, room)).toBe(2);
});

test("[R-05] entering and leaving a room notifies nobody, and leaves no row in an inbox", async () => {
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await leave(jerrys, room);
  await enter(jerrys, room);
  await say(toms, room, "hello");
  await jerrys.message("hello");
  expect([...notices(toms, room), ...notices(jerrys, room)]).toEqual([]);
  expect(await roomRows(jerry)).toBe(0);
});

test("[R-04] who enters another room leaves the one before", async () => {
  const { toms, jerrys } = await onlineClients("tom", "jerry");
  const first = await roomOf(toms);
  await enter(jerrys, first);
  const second = await roomOf(jerrys);
  await vi.waitFor(async () => expect(await onlineCount(toms, first)).toBe(1));
  await say(toms, first, "in the first");
  await say(jerrys, second, "in the second");
  await settle(second, jerrys);
  expect(heard(jerrys, first)).toEqual([]);
  await enter(jerrys, first);
  await vi.waitFor(async () => expect(await onlineCount(jerrys, second)).toBe(0));
});

test("[R-03] a device that was lost in a room is put back at its next login", async () => {
  const { tom, jerry, toms } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  const phone = await WorkerdDevice.connect();
  await phone.login(jerry, { deviceId: "phone" });
  await enter(phone, room);
  phone.close();
  await vi.waitFor(async () => expect(await onlineCount(toms, room)).toBe(1));
  const back = await WorkerdDevice.connect();
  await back.login(jerry, { deviceId: "phone" });
  await vi.waitFor(async () => expect(await onlineCount(toms, room)).toBe(2));
  await say(toms, room, "welcome back");
  await back.message("welcome back");
  const other = await WorkerdDevice.connect();
  await other.login(jerry, { deviceId: "tablet" });
  await say(toms, room, "only the phone");
  await back.message("only the phone");
  expect(heard(other, room)).toEqual([]);
  expect(await present(toms, room)).toEqual([jerry, tom].toSorted());
});

test("[R-03] a device that left its room, logged out or was kicked is not put back", async () => {
  const { jerry, toms } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  const ends: ((device: WorkerdDevice) => Promise<unknown>)[] = [
    (device) => leave(device, room),
    (device) => device.ask({ cmd: "session", op: "close" }),
    () => done("POST", `/1.2/rtm/clients/${jerry}/kick`, { reason: "away" }),
  ];
  for (const end of ends) {
    const phone = await WorkerdDevice.connect();
    await phone.login(jerry, { deviceId: "phone" });
    await enter(phone, room);
    await end(phone);
    phone.close();
    await vi.waitFor(async () => expect(await onlineCount(toms, room)).toBe(1));
    const back = await WorkerdDevice.connect();
    await back.login(jerry, { deviceId: "phone" });
    await say(toms, room, "anybody?");
    await settle(room, toms);
    expect(heard(back, room)).toEqual([]);
    expect(await onlineCount(toms, room)).toBe(1);
    back.close();
  }
});

test("[R-06] anybody with a session may write in a room and read its history, without being there", async () => {
  const { toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await say(toms, room, "one");
  expect(refusal(await say(jerrys, room, "two"))).toBe("");
  await toms.message("two");
  expect(await history(jerrys, room)).toEqual(["one", "two"]);
  await say(toms, room, "three");
  await settle(room, toms);
  expect(heard(jerrys, room)).toEqual([]);
  const archived = async () => {
    const rows = await world.DB.prepare("SELECT * FROM messages WHERE conversation_id = ?").bind(room).all();
    return rows.results.length;
  };
  await expect.poll(archived, { timeout: 10_000 }).toBe(3);
});

test("[R-09] rooms are found by a query for them, and not without", async () => {
  const { toms } = await onlineClients("tom");
  const [name] = named("quiz");
  const room = await roomOf(toms, { attr: { data: JSON.stringify({ name }) } });
  const found = async (where: object) => (await query(toms, where)).map(({ objectId }) => objectId);
  expect(await found({ tr: true, name })).toEqual([room]);
  expect(await found({})).toEqual([]);
});

test("[B-17] [R-05] a change of a room is sent to those present, and made by one of them", async () => {
  const { toms, jerrys, marys } = await onlineClients("tom", "jerry", "mary");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  expect(refusal(await update(marys, room, { name: "Cheese" }))).toMatch(/^4309 /);
  expect(refusal(await update(toms, room, { name: "Cheese" }))).toBe("");
  const push = await jerrys.push("conv", "updated");
  expect(push.convMessage).toMatchObject({ cid: room });
  expect(await look(marys, room)).toMatchObject({ name: "Cheese" });
  expect(notices(toms, room)).toEqual([]);
});

test("[R-05] a room that is muted shows that to its clients", async () => {
  const { tom, toms } = await onlineClients("tom");
  const room = await roomOf(toms);
  const muted = await toms.ask({ cmd: "conv", op: "mute", convMessage: { cid: room } });
  expect(muted.convMessage?.udate).toBeDefined();
  expect(await look(toms, room)).toMatchObject({ mu: [tom] });
  await toms.ask({ cmd: "conv", op: "unmute", convMessage: { cid: room } });
  expect((await look(toms, room)).mu ?? []).toEqual([]);
});

test("[R-10] a message over HTTP goes to those present, but not to its sender's devices", async () => {
  const { tom, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await done("POST", `/1.2/rtm/chatrooms/${room}/messages`, { from_client: tom, message: "news" });
  await jerrys.message("news");
  await settle(room, jerrys, toms);
  expect(heard(toms, room)).toEqual([]);
  expect(await history(toms, room)).toContain("news");
});

test("[M-26] [R-06] a transient message in a room goes to those present, and is kept nowhere", async () => {
  const { toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await say(toms, room, "typing", { transient: true });
  const push = await jerrys.message("typing");
  expect(push.directMessage?.transient).toBe(true);
  expect(toms.texts(room)).toEqual([]);
  expect(await history(jerrys, room)).toEqual([]);
});

test("[R-01] is_member tells who is present in a room", async () => {
  const { toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  const isMember = async (device: WorkerdDevice) => {
    const answer = await device.ask({ cmd: "conv", op: "is_member", convMessage: { cids: [room] } });
    return JSON.parse(answer.convMessage?.results?.data ?? "{}");
  };
  expect(await isMember(toms)).toEqual({ [room]: true });
  expect(await isMember(jerrys)).toEqual({ [room]: false });
});

test("[I13] entering a room that nobody has is refused, and creates no object", async () => {
  const { toms } = await onlineClients("tom");
  expect(refusal(await enter(toms, "0123456789abcdef01234567"))).toMatch(/^4401 |^4303 /);
});

test("[R-01] a room that is deleted is gone for those present, and for who comes", async () => {
  const { toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await done("DELETE", `/1.2/rtm/chatrooms/${room}`);
  await vi.waitFor(async () => expect(refusal(await say(jerrys, room, "hello?"))).not.toBe(""));
  expect(refusal(await enter(toms, room))).not.toBe("");
});

test("[R-07] [A-03] [A-08] the number of those in a room, and some of them, are told over HTTP", async () => {
  const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  const both = [jerry, tom].toSorted();
  expect(await done("GET", `/1.2/rtm/chatrooms/${room}/members/online-count`)).toEqual({ result: 2 });
  const { result } = await done<{ result: string[] }>("GET", `/1.2/rtm/chatrooms/${room}/members`);
  expect(result.toSorted()).toEqual(both);
  expect(await done("GET", `/1.1/rtm/transient_group/onlines?gid=${room}`)).toEqual({ result: 2 });
  const old = await done<{ result: string[] }>("GET", `/1.1/rtm/transient_group/members?gid=${room}`);
  expect(old.result.toSorted()).toEqual(both);
  const { chat } = await pairChat();
  expect(await outcome(rest("GET", `/1.1/rtm/transient_group/onlines?gid=${chat}`))).toMatch(/^404 /);
});

test("[R-08] [L6.2] what a room has too much of is in its history, counted, and no gap for those present", async () => {
  await configure({ rooms: { messagesPerSecond: 4 } });
  // What a room may send again after a second is in memory: no object hibernates within that.
  const relax = stayAwake();
  try {
    const { toms, jerrys } = await onlineClients("tom", "jerry");
    const room = await roomOf(toms);
    await enter(jerrys, room);
    const said = async (text: string, priority?: number) => {
      const direct = { cmd: "direct" as const, directMessage: { cid: room, msg: text } };
      return toms.ask(priority === undefined ? direct : { ...direct, priority });
    };
    for (let at = 0; at < 12; at += 1) expect(refusal(await said(`low ${at}`, 3))).toBe("");
    for (let at = 0; at < 12; at += 1) await said(`normal ${at}`);
    await said("important", 1);
    await jerrys.message("important");
    const before = heard(jerrys, room);
    expect(before.length).toBeLessThan(20);
    const low = before.filter((text) => text.startsWith("low")).length;
    const normal = before.filter((text) => text.startsWith("normal")).length;
    expect(before).toHaveLength(low + normal + 1);
    expect(await history(jerrys, room)).toHaveLength(25);
    const statistics = await done<{ online: number; dropped: object }>(
      "GET",
      `/1.2/rtm/chatrooms/${room}/statistics`,
    );
    expect(statistics).toEqual({ online: 2, dropped: { low: 12 - low, normal: 12 - normal } });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await said("calm again");
    await jerrys.message("calm again");
    // Nothing was asked for again: a gap would have brought what was dropped.
    expect(heard(jerrys, room)).toEqual([...before, "calm again"]);
  } finally {
    relax();
    await configure({ rooms: null });
  }
});

test("[M-30] transient messages of low priority are dropped first in other conversations too", async () => {
  await configure({ rooms: { messagesPerSecond: 4 } });
  // What a room may send again after a second is in memory: no object hibernates within that.
  const relax = stayAwake();
  try {
    const { toms, jerrys, chat } = await pairChat();
    for (let at = 0; at < 12; at += 1)
      await toms.ask({
        cmd: "direct",
        priority: 3,
        directMessage: { cid: chat, msg: `low ${at}`, transient: true },
      });
    for (let at = 0; at < 12; at += 1) await say(toms, chat, `stored ${at}`);
    await jerrys.message("stored 11");
    expect(heard(jerrys, chat)).toHaveLength(12);
    expect(jerrys.texts(chat).filter((text) => text.startsWith("low")).length).toBeLessThan(9);
  } finally {
    relax();
    await configure({ rooms: null });
  }
});

test("[X-19] who is blocked in a room is no longer there, and does not come in", async () => {
  await configure({ security: { blacklists: true } });
  const { jerry, toms, jerrys } = await onlineClients("tom", "jerry");
  const room = await roomOf(toms);
  await enter(jerrys, room);
  await done("POST", `/1.2/rtm/chatrooms/${room}/blacklists`, { client_ids: [jerry] });
  await vi.waitFor(async () => expect(await onlineCount(toms, room)).toBe(1));
  await say(toms, room, "without Jerry");
  expect(refusal(await enter(jerrys, room))).toMatch(/^4548 /);
  expect(heard(jerrys, room)).toEqual([]);
});
