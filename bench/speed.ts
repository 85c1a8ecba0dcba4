import { setTimeout as sleep } from "node:timers/promises";
import { oneAtATime, type Throughput, underLoad } from "./load.ts";
import type { Contender } from "./room.ts";
import { inParallel } from "./sockets.ts";
import { median, percentile } from "./statistics.ts";

export const AUDIENCES = [1, 10, 100] as const;
export type Audience = (typeof AUDIENCES)[number];

export const CHATS = 100;
export const IN_FLIGHT = 20;
export const IN_FLIGHT_PER_CHAT = 4;
const LOAD_TIME = 1_800; // ms
/** Work that remains from opening rooms is not the measured load. */
const SETTLED = 1_500; // ms
const QUIET_MESSAGES = 60;
const QUIET_PAUSE = 4; // ms

/** Times in ms; rates per second. */
export interface FanOut {
  deliveries: number;
  loaded: { p50: number; p99: number };
  /** One message at a time, until the last receiver has it. */
  quiet: { p50: number; p99: number };
  /** One message at a time, each until its sender has the acknowledgement. */
  acknowledged: number;
}

export interface Speed {
  fanOut: Record<Audience, FanOut>;
  chats: { messages: number; deliveries: number; p50: number; p99: number };
}

export async function measureSpeed(contender: Contender): Promise<Speed> {
  return {
    fanOut: {
      1: await fanOut(contender, 1),
      10: await fanOut(contender, 10),
      100: await fanOut(contender, 100),
    },
    chats: await chats(contender),
  };
}

async function fanOut(contender: Contender, receivers: number): Promise<FanOut> {
  const room = await contender.openRoom(receivers);
  const quiet = await oneAtATime(room, QUIET_MESSAGES, QUIET_PAUSE);
  const loaded = await underLoad([room], IN_FLIGHT, LOAD_TIME);
  await room.close();
  return {
    deliveries: loaded.deliveries,
    loaded: ends(loaded),
    quiet: { p50: percentile(quiet.delivered, 0.5), p99: percentile(quiet.delivered, 0.99) },
    acknowledged: percentile(quiet.acknowledged, 0.5),
  };
}

async function chats(contender: Contender): Promise<Speed["chats"]> {
  const rooms = await inParallel(CHATS, 20, () => contender.openRoom(1));
  await sleep(SETTLED);
  const loaded = await underLoad(rooms, IN_FLIGHT_PER_CHAT, LOAD_TIME);
  await Promise.all(rooms.map((room) => room.close()));
  return { messages: loaded.messages, deliveries: loaded.deliveries, ...ends(loaded) };
}

function ends({ latencies }: Throughput): { p50: number; p99: number } {
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
}

/** Number by number, the median of several runs. */
export function medianSpeed(runs: readonly Speed[]): Speed {
  const of = (pick: (run: Speed) => number) => median(runs.map(pick));
  const audience = (size: Audience): FanOut => ({
    deliveries: of((run) => run.fanOut[size].deliveries),
    loaded: {
      p50: of((run) => run.fanOut[size].loaded.p50),
      p99: of((run) => run.fanOut[size].loaded.p99),
    },
    quiet: {
      p50: of((run) => run.fanOut[size].quiet.p50),
      p99: of((run) => run.fanOut[size].quiet.p99),
    },
    acknowledged: of((run) => run.fanOut[size].acknowledged),
  });
  return {
    fanOut: { 1: audience(1), 10: audience(10), 100: audience(100) },
    chats: {
      messages: of((run) => run.chats.messages),
      deliveries: of((run) => run.chats.deliveries),
      p50: of((run) => run.chats.p50),
      p99: of((run) => run.chats.p99),
    },
  };
}

/**
 * The ratio of two contenders' numbers: the median of the rounds' own ratios, since other load changes from round to
 * round and affects both.
 */
export function medianRatio<Run>(
  runs: readonly Run[],
  against: readonly Run[],
  pick: (run: Run) => number,
): number {
  return median(
    runs.flatMap((run, round) => {
      const other = against[round];
      return other === undefined ? [] : [pick(run) / pick(other)];
    }),
  );
}
