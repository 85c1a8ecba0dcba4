import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import type { Budget } from "./budgets.ts";
import type { MeasuredPeers } from "./peers/peers.ts";
import { loadAverage } from "./processes.ts";
import type { Speed } from "./speed.ts";

/** Where a run leaves its numbers, and where those that bench/README.md shows are kept. */
const ARTIFACTS = new URL("../artifacts/", import.meta.url);
const KEPT = new URL("results/", import.meta.url);

/** What was measured when and where; anybody's run of `npm run bench` makes such a file. */
export interface Results<Measured> {
  /** Day of the run, as 2026-11-29. */
  date: string;
  machine: string;
  /** How busy the machine was with other work before. */
  load: number;
  /** What else a reader should know of the run; written by hand. */
  note?: string;
  measured: Measured;
}

export interface MeasuredSpeed {
  contestants: { name: string; runs: Speed[] }[];
  budgets: Budget[];
}

export interface ResultKinds {
  speed: MeasuredSpeed;
  peers: MeasuredPeers;
}

const loadBefore = loadAverage();

/** Writes what was measured to the artifacts, and returns where. */
export async function writeResults<Kind extends keyof ResultKinds>(
  kind: Kind,
  measured: ResultKinds[Kind],
): Promise<string> {
  const [cpu] = cpus();
  const results: Results<ResultKinds[Kind]> = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpu?.model ?? "unknown processor"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB`,
    load: loadBefore,
    measured,
  };
  await mkdir(ARTIFACTS, { recursive: true });
  const file = new URL(`bench-${kind}.json`, ARTIFACTS);
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
  return file.pathname;
}

/** Results that are kept in the repository; undefined if there are none of this kind. */
export async function keptResults<Kind extends keyof ResultKinds>(
  kind: Kind,
): Promise<Results<ResultKinds[Kind]> | undefined> {
  try {
    return JSON.parse(await readFile(new URL(`bench-${kind}.json`, KEPT), "utf8"));
  } catch (problem) {
    if (problem instanceof Error && "code" in problem && problem.code === "ENOENT") return undefined;
    throw problem;
  }
}
