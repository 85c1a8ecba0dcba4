import { setTimeout as sleep } from "node:timers/promises";
import type { Miniflare } from "miniflare";
import { SERVER_STOPS } from "../src/metrics/report-counts.ts";

/** The time for the reports, in milliseconds: the stop as a whole has five seconds. */
const DEADLINE = 2_000;

/**
 * Has the Worker store what it counted for metrics and usage, before the runtime ends. Never rejects: without an answer
 * in time, the counts are lost, as when the server is killed.
 */
export async function reportCounts(runtime: Pick<Miniflare, "getWorker"> | undefined): Promise<void> {
  try {
    await Promise.race([ask(runtime), sleep(DEADLINE, undefined, { ref: false })]);
  } catch (error) {
    console.error("Parley: the last counts of metrics and usage are lost:", error);
  }
}

async function ask(runtime: Pick<Miniflare, "getWorker"> | undefined): Promise<void> {
  const worker = await runtime?.getWorker();
  await worker?.scheduled({ cron: SERVER_STOPS });
}
