import { setTimeout as sleep } from "node:timers/promises";
import { bareContender } from "./bare-room.ts";
import { DirectFrame, enterFrame } from "./frames.ts";
import { underLoad } from "./load.ts";
import { ParleyClient } from "./parley-client.ts";
import { residentMemory } from "./processes.ts";
import type { Room } from "./room.ts";
import type { Server } from "./server.ts";
import { inParallel } from "./sockets.ts";

/** Logins at a time before their objects hibernate: each awake takes five file descriptors. */
const WAVE = 1_000;
const ASLEEP = 13_000; // ms
const IN_FLIGHT = 4;
const DURATION = 5_000; // ms

/** One room with many sockets. */
export interface LargeRoom {
  /** Deliveries a second. */
  deliveries: number;
  /** ms until everybody was in the room; undefined for a bare object, where connecting is being there. */
  join: number | undefined;
  /** KB of resident memory per socket. */
  memory: number;
}

export async function bareLargeRoom(server: Server, receivers: number): Promise<LargeRoom> {
  const empty = residentMemory(server.pid);
  const room = await bareContender(server.url, "Star").openRoom(receivers);
  const memory = (residentMemory(server.pid) - empty) / receivers;
  const { deliveries } = await underLoad([room], IN_FLIGHT, DURATION);
  await room.close();
  return { deliveries, join: undefined, memory };
}

/** A chat room: everybody logs in, wave by wave, and then enters at once. */
export async function parleyLargeRoom(server: Server, appId: string, receivers: number): Promise<LargeRoom> {
  const empty = residentMemory(server.pid);
  const sender = await ParleyClient.logIn(server.url, appId, "host");
  const people: ParleyClient[] = [];
  while (people.length < receivers) {
    const first = people.length;
    const count = Math.min(WAVE, receivers - first);
    people.push(
      ...(await inParallel(count, 50, (index) =>
        ParleyClient.logIn(server.url, appId, `guest-${first + index}`),
      )),
    );
    await sleep(ASLEEP);
  }
  const conversationId = await sender.startRoom();
  const begun = performance.now();
  await inParallel(receivers, receivers, async (index) => {
    const person = people[index];
    await person?.ask((serial) => enterFrame(person.clientId, conversationId, serial));
  });
  const join = performance.now() - begun;
  await sleep(ASLEEP);
  const memory = (residentMemory(server.pid) - empty) / receivers;
  const frame = new DirectFrame(sender.clientId, conversationId);
  const room: Room = {
    receivers,
    acknowledged: () => {},
    delivered: () => {},
    send: (sequence) => sender.send(frame.numbered(sequence)),
    close: async () => {
      await Promise.all([sender, ...people].map((client) => client.leave()));
    },
  };
  sender.acknowledged = (sequence) => room.acknowledged(sequence);
  for (const person of people) person.delivered = (sequence) => room.delivered(sequence);
  const { deliveries } = await underLoad([room], IN_FLIGHT, DURATION);
  await room.close();
  return { deliveries, join, memory };
}
