import { setTimeout as sleep } from "node:timers/promises";
import { bareContender } from "./bare-room.ts";
import { DirectFrame, enterFrame } from "./frames.ts";
import { underLoad } from "./load.ts";
import { ParleyClient } from "./parley-client.ts";
import { processorTime, residentMemory } from "./processes.ts";
import type { Room } from "./room.ts";
import type { Server } from "./server.ts";
import { inParallel } from "./sockets.ts";
import { decimal, whole } from "./table.ts";

/** People who log in or enter before their objects sleep again: each object that is awake takes five file descriptors. */
const WAVE = 1_000;
/** Logins at the same time. */
const LOGINS = 20;
const ASLEEP = 13_000; // ms
const IN_FLIGHT = 4;
const DURATION = 5_000; // ms
const ENTRY_DEADLINE = 60_000; // ms

/** One room with many sockets. */
export interface LargeRoom {
  /** Deliveries a second. */
  deliveries: number;
  /** µs of the server's processor for each: what else the machine does is not in it. */
  processor: number;
  /** KB of resident memory per socket: of all for a bare object, and for a chat room what entering adds to a login. */
  memory: number;
}

export interface LargeChatRoom extends LargeRoom {
  entries: Entry[];
}

/** A wave of people who entered at once. */
export interface Entry {
  /** ms until everybody was in the room. */
  all: number;
  /** ms of the server's processor for each of them, their client's object included. */
  processor: number;
}

export async function bareLargeRoom(
  server: Server,
  kind: "Star" | "PipedStar",
  receivers: number,
): Promise<LargeRoom> {
  const empty = residentMemory(server.pid);
  const room = await bareContender(server.url, kind).openRoom(receivers);
  const memory = (residentMemory(server.pid) - empty) / receivers;
  const speed = await delivering(server, room);
  await room.close();
  return { ...speed, memory };
}

/**
 * A chat room: everybody logs in first, and then enters, one wave after the other and each wave at once.
 *
 * @param told what was done, for whoever waits
 */
export async function parleyLargeRoom(
  server: Server,
  appId: string,
  receivers: number,
  told: (what: string) => void,
): Promise<LargeChatRoom> {
  const sender = await ParleyClient.logIn(server.url, appId, "host");
  const waves: ParleyClient[][] = [];
  for (let first = 0; first < receivers; first += WAVE) {
    const count = Math.min(WAVE, receivers - first);
    waves.push(
      await inParallel(count, LOGINS, (index) =>
        ParleyClient.logIn(server.url, appId, `guest-${first + index}`),
      ),
    );
    told(`${first + count} logged in`);
    await sleep(ASLEEP);
  }
  const loggedIn = residentMemory(server.pid);
  const conversationId = await sender.startRoom();
  const entries: Entry[] = [];
  for (const wave of waves) {
    const begun = performance.now();
    const processorBefore = processorTime(server.pid);
    const enter = (person: ParleyClient) =>
      person.ask((serial) => enterFrame(person.clientId, conversationId, serial), ENTRY_DEADLINE);
    await Promise.all(wave.map(enter));
    const all = performance.now() - begun;
    // With what is done for them after the answer.
    await sleep(ASLEEP);
    const processor = processorTime(server.pid) - processorBefore;
    entries.push({ all, processor: processor / wave.length });
    told(
      `${wave.length} more in after ${whole(all)} ms, ${decimal(processor / wave.length)} ms of processor each`,
    );
  }
  const memory = (residentMemory(server.pid) - loggedIn) / receivers;
  const people = waves.flat();
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
  const speed = await delivering(server, room);
  told("delivered");
  await room.close();
  return { ...speed, entries, memory };
}

async function delivering(server: Server, room: Room): Promise<Pick<LargeRoom, "deliveries" | "processor">> {
  const before = processorTime(server.pid);
  const { deliveries, delivered } = await underLoad([room], IN_FLIGHT, DURATION);
  return { deliveries, processor: ((processorTime(server.pid) - before) * 1_000) / delivered };
}
