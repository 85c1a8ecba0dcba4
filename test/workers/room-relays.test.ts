import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test, vi } from "vitest";
import { heard, history, named, notices, refusal, say, update } from "../support/chat.ts";
import { block, shutUp } from "../support/permissions.ts";
import { done } from "./support/rest.ts";
import { enter, leave, onlineCount, present, roomOf } from "./support/rooms.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, stayAwake, world } from "./support/world.ts";

/** A large room: its object serves two sessions here, each relay two more (docs/rules.md, T1-T6). */

beforeAll(() => openWorld({ rooms: { socketsPerRelay: 2 } }));

const PEOPLE = 9;
/** A relay reports after 1 s (ms). */
const REPORTED = 2_000;

/** A room with nine people in it: at the room itself, at relay 1, at relays 2 and 3, and so on. */
async function crowdedRoom() {
  const ids = named(...Array.from({ length: PEOPLE }, (_, at) => `guest${at}`));
  const devices: WorkerdDevice[] = [];
  for (const id of ids) devices.push(await WorkerdDevice.of(id));
  const [first, ...others] = devices;
  if (first === undefined) throw new Error("nobody");
  const room = await roomOf(first);
  for (const device of others) expect(refusal(await enter(device, room))).toBe("");
  return { ids, devices, first, others, room };
}

async function relaysOf(room: string): Promise<number[]> {
  return runInDurableObject(world.CONVERSATIONS.getByName(room), (_, { storage }) => {
    const rows = storage.sql.exec<{ relay: number }>("SELECT relay FROM relays ORDER BY relay").toArray();
    return rows.map(({ relay }) => relay);
  });
}

const everybodyHears = async (devices: WorkerdDevice[], text: string) => {
  for (const device of devices) await device.message(text);
};

test("[R-01] [T1] everybody in a large room hears everything once, wherever they are served", async () => {
  const { devices, first, others, room } = await crowdedRoom();
  expect((await relaysOf(room)).length).toBeGreaterThan(2);
  for (const [at, device] of devices.entries()) {
    expect(refusal(await say(device, room, `from ${at}`))).toBe("");
    await everybodyHears(
      devices.filter((other) => other !== device),
      `from ${at}`,
    );
  }
  const everything = devices.map((_, at) => `from ${at}`);
  for (const [at, device] of devices.entries())
    expect(heard(device, room)).toEqual(everything.filter((_, from) => from !== at));
  expect(await history(others.at(-1) ?? first, room)).toEqual(everything);
});

test("[R-07] [T5] the online count has everybody at all relays, and goes down again", async () => {
  const { ids, devices, first, room } = await crowdedRoom();
  await vi.waitFor(async () => expect(await onlineCount(first, room)).toBe(PEOPLE), { timeout: 5_000 });
  expect((await present(first, room)).every((id) => ids.includes(id))).toBe(true);
  const [, , third, ...rest] = devices;
  if (third !== undefined) expect(await onlineCount(third, room)).toBe(PEOPLE);
  for (const device of rest.slice(1)) device.close();
  await vi.waitFor(async () => expect(await onlineCount(first, room)).toBe(4), { timeout: 5_000 });
  // A relay that nobody is at is forgotten with the next message at the latest.
  await say(first, room, "who is left?");
  await vi.waitFor(async () => expect((await relaysOf(room)).length).toBeLessThanOrEqual(2), {
    timeout: 5_000,
  });
});

test("[R-07] [T5] a client on two devices, one at the room and one at a relay, counts once", async () => {
  const [tom, jerry, mary] = named("tom", "jerry", "mary");
  const toms = await WorkerdDevice.of(tom);
  const jerrys = await WorkerdDevice.of(jerry);
  const room = await roomOf(toms);
  await enter(jerrys, room);
  const others = [await WorkerdDevice.of(tom), await WorkerdDevice.of(mary)];
  for (const device of others) expect(refusal(await enter(device, room))).toBe("");
  expect(await relaysOf(room)).not.toEqual([]);
  const settled = { timeout: 8_000 };
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(3), settled);
  expect(await present(jerrys, room)).toEqual([jerry, mary, tom].toSorted());
  toms.close();
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(3), settled);
  others[0]?.close();
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(2), settled);
});

test("[R-07] [T5] a client on two devices, at relays of different levels, counts once", async () => {
  const [tom, jerry, mary, spike] = named("tom", "jerry", "mary", "spike");
  const jerrys = await WorkerdDevice.of(jerry);
  const room = await roomOf(jerrys);
  const others: WorkerdDevice[] = [];
  // Two are served by the room, two by relay 1, and the last one by a relay of the second level.
  for (const id of [mary, tom, spike, tom]) {
    const device = await WorkerdDevice.of(id);
    expect(refusal(await enter(device, room))).toBe("");
    others.push(device);
  }
  expect((await relaysOf(room)).length).toBe(2);
  const settled = { timeout: 8_000 };
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(4), settled);
  expect(await present(jerrys, room)).toEqual([jerry, mary, spike, tom].toSorted());
  // A relay that is about to report does not hibernate.
  const mayHibernate = stayAwake();
  others.at(-1)?.close();
  // Its other device is still here when the relay has reported and the count is taken anew.
  await scheduler.wait(REPORTED);
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(4), settled);
  others[1]?.close();
  await vi.waitFor(async () => expect(await onlineCount(jerrys, room)).toBe(3), settled);
  mayHibernate();
});

test("[R-01] [T1] who leaves at a relay hears nothing more, and hears again after coming back", async () => {
  const { devices, first, room } = await crowdedRoom();
  const last = devices.at(-1);
  if (last === undefined) throw new Error("nobody");
  expect(refusal(await leave(last, room))).toBe("");
  await say(first, room, "one");
  await everybodyHears(devices.slice(1, -1), "one");
  expect(refusal(await enter(last, room))).toBe("");
  await say(first, room, "two");
  await last.message("two");
  expect(heard(last, room)).toEqual(["two"]);
});

test("[M-26] [R-10] transient messages, changes and messages over HTTP reach those at relays", async () => {
  const { ids, devices, first, others, room } = await crowdedRoom();
  const last = devices.at(-1);
  if (last === undefined) throw new Error("nobody");
  await say(last, room, "typing", { transient: true });
  await everybodyHears(devices.slice(0, -1), "typing");
  expect(last.texts(room)).toEqual([]);
  expect(refusal(await update(last, room, { name: "Cheese" }))).toBe("");
  for (const device of devices.slice(0, -1)) await device.push("conv", "updated");
  const message = { from_client: ids.at(-1), message: "news" };
  await done("POST", `/1.2/rtm/chatrooms/${room}/messages`, message);
  await everybodyHears([first, ...others.slice(0, -1)], "news");
  await say(first, room, "end");
  await last.message("end");
  expect(heard(last, room)).toEqual(["end"]);
});

test("[T2] a relay whose object dies loses no message and repeats none for those it served", async () => {
  const { devices, first, room } = await crowdedRoom();
  await say(first, room, "before");
  await everybodyHears(devices.slice(1), "before");
  for (const number of await relaysOf(room)) {
    const relay = world.RELAYS.getByName(`${room}:${number}`);
    await runInDurableObject(relay, (_, state) => {
      for (const socket of state.getWebSockets()) socket.close(1011, "died");
    });
  }
  await say(first, room, "while they come back");
  await everybodyHears(devices.slice(1), "while they come back");
  await say(first, room, "after");
  await everybodyHears(devices.slice(1), "after");
  for (const device of devices.slice(1))
    expect(heard(device, room)).toEqual(["before", "while they come back", "after"]);
  await vi.waitFor(async () => expect(await onlineCount(first, room)).toBe(PEOPLE), { timeout: 5_000 });
});

test("[T6] a large room that is deleted is gone for everybody in it", async () => {
  const { devices, room } = await crowdedRoom();
  await done("DELETE", `/1.2/rtm/chatrooms/${room}`);
  for (const device of devices)
    await vi.waitFor(async () => expect(refusal(await say(device, room, "hello?"))).not.toBe(""));
});

test("[X-18] who is silenced or blocked in a large room is told so, wherever they are served", async () => {
  await configure({ security: { memberRoles: true, blacklists: true } });
  const { devices, ids, first, others, room } = await crowdedRoom();
  const listed = ids.slice(1);
  await shutUp(first, "add_shutup", room, listed);
  await block(first, "block", room, listed);
  for (const device of others) await device.push("conv", "blocked");
  const by = `by ${ids[0]}`;
  const all = listed.map((id) => `${id} `).join("");
  for (const device of others)
    expect(notices(device, room)).toEqual([
      `shutuped ${by}`,
      `members_shutuped ${all}${by}`,
      `blocked ${by}`,
    ]);
  expect(notices(devices[0] ?? first, room)).toEqual([
    `members_shutuped ${all}${by}`,
    `members_blocked ${all}${by}`,
  ]);
  await configure({ security: { memberRoles: false, blacklists: false } });
});
