import type { Miniflare } from "miniflare";

const DAY = 24 * 60 * 60 * 1_000; // ms

/**
 * Has the Worker do what wrangler.toml wants done once a day: on one's own box no clock is there to call it (Miniflare
 * 5, November 2026). Also now, since a server that is started anew each day would never come to it. Neither the clock
 * nor the work keeps the process from ending.
 *
 * @param current the runtime of that moment; there may be another one after a crash
 */
export function runDaily(current: () => Pick<Miniflare, "getWorker"> | undefined): void {
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
