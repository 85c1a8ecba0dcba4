import type { Miniflare } from "miniflare";

const DAY = 24 * 60 * 60 * 1_000; // ms

/**
 * Has the Worker do what wrangler.toml wants done once a day: on one's own box no clock is there to call it (Miniflare
 * 5, November 2026). Also now, since a server that is started anew each day would never come to it. Neither the clock
 * nor the work keeps the process from ending.
 */
export function runDaily(miniflare: Miniflare): void {
  const run = () => {
    work(miniflare).catch((error) => {
      console.error("Parley: the daily work was not done, to be tried again tomorrow:", error);
    });
  };
  setInterval(run, DAY).unref();
  run();
}

async function work(miniflare: Miniflare): Promise<void> {
  const worker = await miniflare.getWorker();
  await worker.scheduled();
}
