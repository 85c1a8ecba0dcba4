import { setTimeout as sleep } from "node:timers/promises";
import { residentMemory } from "./processes.ts";
import type { Server } from "./server.ts";
import { inParallel } from "./sockets.ts";

const WAVE = 800; // connections
/** The first connections make the process take the memory for so many awake objects, and it keeps that memory. */
const FIRST_WAVES = 2;
const FURTHER_WAVES = 2;
/** Objects go to sleep after ten idle seconds. */
const ASLEEP = 12_000; // ms

/** Opens one idle connection and returns how to close it. */
export type Arrive = (index: number) => Promise<() => Promise<void>>;

/** KB of resident memory per idle connection. */
export interface IdleMemory {
  /** For the first connections, including memory that the process keeps. */
  first: number;
  /** For later connections: the cost of one more. */
  further: number;
}

export async function idleMemory(server: Server, arrive: Arrive): Promise<IdleMemory> {
  const leave: (() => Promise<void>)[] = [];
  const afterWaves = async (count: number) => {
    for (let wave = 0; wave < count; wave++) {
      const already = leave.length;
      leave.push(...(await inParallel(WAVE, 20, (index) => arrive(already + index))));
      await sleep(ASLEEP);
    }
    return residentMemory(server.pid);
  };
  // The first connection brings the code into memory.
  leave.push(await arrive(0));
  await sleep(500);
  const empty = residentMemory(server.pid);
  const half = await afterWaves(FIRST_WAVES);
  const full = await afterWaves(FURTHER_WAVES);
  await Promise.all(leave.map((go) => go()));
  return { first: (half - empty) / (FIRST_WAVES * WAVE), further: (full - half) / (FURTHER_WAVES * WAVE) };
}
