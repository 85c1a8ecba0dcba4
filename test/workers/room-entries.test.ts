import { beforeAll, expect, test, vi } from "vitest";
import { heard, history, named, refusal, say, settle } from "../support/chat.ts";
import { block } from "../support/permissions.ts";
import { enter, leave, onlineCount, present, roomOf } from "./support/rooms.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { openWorld } from "./support/world.ts";

/** Sessions that enter and leave rooms while other commands of theirs are on their way, also at relays. */

beforeAll(() => openWorld({ rooms: { socketsPerRelay: 1 }, security: { blacklists: true } }));

const together = { timeout: 5_000 };

/** Sends commands about rooms at once, and waits for all answers. */
async function atOnce(device: WorkerdDevice, ...commands: (readonly ["add" | "remove", string])[]) {
  const serials = commands.map(([op, cid], at) => {
    const i = 10_000 + at;
    const convMessage = { cid, m: [device.clientId] };
    device.send({ cmd: "conv", op, i, peerId: device.clientId, convMessage });
    return i;
  });
  await device.until(
    "all answers",
    () => serials.every((serial) => device.answers(serial).length > 0) || undefined,
  );
}

async function people(count: number): Promise<WorkerdDevice[]> {
  const devices: WorkerdDevice[] = [];
  for (const id of named(...Array.from({ length: count }, (_, at) => `guest${at}`)))
    devices.push(await WorkerdDevice.of(id));
  return devices;
}

test("[R-04] a session that enters two rooms at once, again and again, is in one of them", async () => {
  const [one, other, visitor] = await people(3);
  if (one === undefined || other === undefined || visitor === undefined) throw new Error("nobody");
  const rooms = [await roomOf(one), await roomOf(other)] as const;
  const [first, second] = rooms;
  await atOnce(visitor, ["add", first], ["add", second]);
  for (let round = 0; round < 4; round += 1) {
    visitor.received.length = 0;
    await atOnce(visitor, ["add", first], ["add", second]);
  }
  await vi.waitFor(async () => {
    const there = [...(await present(one, first)), ...(await present(other, second))];
    expect(there.filter((id) => id === visitor.clientId)).toHaveLength(1);
  }, together);
  await say(one, first, "in the first");
  await say(other, second, "in the second");
  await vi.waitFor(() => expect(rooms.flatMap((room) => heard(visitor, room))).toHaveLength(1), together);
});

test("[R-01] [T1] a session at a relay that leaves while its message is on the way stays outside", async () => {
  const devices = await people(4);
  const [first, last] = [devices[0], devices.at(-1)];
  if (first === undefined || last === undefined) throw new Error("nobody");
  const room = await roomOf(first);
  for (const device of devices.slice(1)) expect(refusal(await enter(device, room))).toBe("");
  const said = say(last, room, "farewell");
  expect(refusal(await leave(last, room))).toBe("");
  expect(refusal(await said)).toBe("");
  await vi.waitFor(async () => expect(await onlineCount(first, room)).toBe(3), together);
  await say(first, room, "who is left?");
  await settle(room, first, ...devices.slice(1, -1));
  expect(heard(last, room)).toEqual([]);
});

test("[R-07] [T5] a sample of those present names those at all relays", async () => {
  const devices = await people(6);
  const [first] = devices;
  if (first === undefined) throw new Error("nobody");
  const room = await roomOf(first);
  for (const device of devices.slice(1)) await enter(device, room);
  const ids = devices.map(({ clientId }) => clientId).toSorted();
  await vi.waitFor(async () => expect(await present(first, room)).toEqual(ids), together);
  expect(await present(first, room, 4)).toHaveLength(4);
});

test("[X-19] who is blocked in a room neither speaks there nor reads its history, at a relay or elsewhere", async () => {
  const devices = await people(3);
  const [first, , last] = devices;
  if (first === undefined || last === undefined) throw new Error("nobody");
  const room = await roomOf(first);
  for (const device of devices.slice(1)) await enter(device, room);
  await say(last, room, "before");
  await block(first, "block", room, [last.clientId]);
  for (const device of [last, await WorkerdDevice.of(last.clientId)]) {
    expect(refusal(await say(device, room, "still here"))).toBe("4401 INVALID_MESSAGING_TARGET");
    expect(refusal(await say(device, room, "and so", { transient: true }))).toMatch(/^4401/);
    await expect(history(device, room)).rejects.toThrow("CONVERSATION_LOG_REJECTED");
  }
  expect(await history(first, room)).toEqual(["before"]);
  await block(first, "unblock", room, [last.clientId]);
  expect(refusal(await enter(last, room))).toBe("");
  expect(await history(last, room)).toEqual(["before"]);
});
