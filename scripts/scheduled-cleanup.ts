import type { Miniflare } from "miniflare";

const DAY = 24 * 60 * 60 * 1_000; // ms

/**
 * Runs the Worker's daily job of wrangler.toml: on a single machine no scheduler calls it (Miniflare 5, November 2026).
 * It also runs at the start, for servers that are restarted each day. Neither the timer nor the job keeps the process
 * alive.
 *
 * @param current the current runtime, which changes after a crash
 */
export function runScheduledCleanup(current: () => Pick<Miniflare, "getWorker"> | undefined): void {
  const run = () => {
    work(current()).catch((error) => {
      console.error("Parley: the daily work was not done, to be tried again tomorrow:", error);
    });
  };
  setInterval(run, DAY).unref();
  run();
}

async function work(runtime: Pick<Miniflare, "getWorker"> | undefined): Promise<void> {
  const worker = await runtime?.getWorker();
  await worker?.scheduled();
}
