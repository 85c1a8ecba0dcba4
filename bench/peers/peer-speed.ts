import { setTimeout as sleep } from "node:timers/promises";
import { underLoad } from "../load.ts";
import { processorTime } from "../processes.ts";
import type { Room } from "../room.ts";
import { inParallel } from "../sockets.ts";
import { percentile } from "../statistics.ts";
import type { RunningPeer } from "./peer.ts";

/** The same loads as those of the comparison with bare objects. */
const IN_FLIGHT = 20;
const IN_FLIGHT_PER_CHAT = 4;
const CHATS = 100;
const LOAD_TIME = 1_800; // ms
/** Most of these servers compile what is used much while it runs. */
const WARM_UP = 1_000; // ms
/** What opening a room has left to do is not the measured load. */
const SETTLED = 1_000; // ms

export const peerLoads = {
  one: { title: "1 sender → 1 online", rooms: 1, receivers: 1 },
  ten: { title: "1 sender → 10 online", rooms: 1, receivers: 10 },
  hundred: { title: "1 sender → 100 online", rooms: 1, receivers: 100 },
  chats: { title: "100 two-party chats", rooms: CHATS, receivers: 1 },
} as const;
export type PeerLoad = keyof typeof peerLoads;

/** Rates per second, times in ms, processor times of the server's processes in µs. */
export interface PeerSpeed {
  messages: number;
  deliveries: number;
  p50: number;
  p99: number;
  perMessage: number;
  perDelivery: number;
}

export type PeerRun = Record<PeerLoad, PeerSpeed>;

export async function measurePeer(peer: RunningPeer): Promise<PeerRun> {
  return {
    one: await measure(peer, "one"),
    ten: await measure(peer, "ten"),
    hundred: await measure(peer, "hundred"),
    chats: await measure(peer, "chats"),
  };
}

async function measure(peer: RunningPeer, load: PeerLoad): Promise<PeerSpeed> {
  const { rooms: count, receivers } = peerLoads[load];
  const rooms = await inParallel(count, 10, () => peer.contender.openRoom(receivers));
  await sleep(SETTLED);
  const inFlight = count === 1 ? IN_FLIGHT : IN_FLIGHT_PER_CHAT;
  await underLoad(rooms, inFlight, WARM_UP);
  const before = processorTimes(peer);
  const loaded = await underLoad(rooms, inFlight, LOAD_TIME);
  const spent = (processorTimes(peer) - before) * 1_000;
  await closeAll(rooms);
  return {
    messages: loaded.messages,
    deliveries: loaded.deliveries,
    p50: percentile(loaded.latencies, 0.5),
    p99: percentile(loaded.latencies, 0.99),
    perMessage: (spent * receivers) / loaded.delivered,
    perDelivery: spent / loaded.delivered,
  };
}

async function closeAll(rooms: readonly Room[]): Promise<void> {
  await Promise.all(rooms.map((room) => room.close()));
}

/** ms, of all processes that serve. */
function processorTimes(peer: RunningPeer): number {
  return peer.pids().reduce((sum, pid) => sum + processorTime(pid), 0);
}
