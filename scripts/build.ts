import { buildPage } from "./build-page.ts";
import { readWorkerConfig, type WorkerConfig } from "./miniflare.ts";
import { bundleWorker, FRONT_DOOR } from "./worker.ts";

/** What a runtime is started with. */
export interface Build {
  config: WorkerConfig;
  /** The Worker as one ES module, from `front-door.ts` or from a module that exports as much. */
  script: string;
}

/** Bundles the Worker, and the page into dist/public. Throws if that fails. */
export async function build(): Promise<Build> {
  const bundled = Promise.all([bundleWorker(FRONT_DOOR), buildPage()]);
  const config = readWorkerConfig();
  const [script] = await bundled;
  return { config, script };
}
