import { setTimeout as sleep } from "node:timers/promises";
import { residentMemory } from "./processes.ts";
import type { Server } from "./server.ts";
import { inParallel } from "./sockets.ts";

const WAVE = 400; // connections
/** Objects go to sleep after ten idle seconds. */
const ASLEEP = 12_000; // ms

/** Opens one idle connection and returns how to close it. */
export type Arrive = (index: number) => Promise<() => Promise<void>>;

/** KB of resident memory per idle connection. */
export interface IdleMemory {
  /** Of all of them; what the process once needed while they were awake together it keeps. */
  overall: number;
  /** Of those that came when that memory was there already: what one more connection costs. */
  further: number;
}

export async function idleMemory(server: Server, arrive: Arrive): Promise<IdleMemory> {
  const leave: (() => Promise<void>)[] = [];
  const wave = async () => {
    const first = leave.length;
    leave.push(...(await inParallel(WAVE, 20, (index) => arrive(first + index))));
    await sleep(ASLEEP);
    return residentMemory(server.pid);
  };
  // The first connection brings the code into memory.
  leave.push(await arrive(0));
  await sleep(500);
  const empty = residentMemory(server.pid);
  const half = await wave();
  const full = await wave();
  await Promise.all(leave.map((go) => go()));
  return { overall: (full - empty) / (2 * WAVE), further: (full - half) / WAVE };
}
