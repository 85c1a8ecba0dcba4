import { buildPage } from "./build-page.ts";
import { readWorkerConfig, type WorkerConfig } from "./miniflare.ts";
import { bundleWorker, OWN_BOX } from "./worker.ts";

/** What a runtime is started with. */
export interface Build {
  config: WorkerConfig;
  /** The Worker as one ES module, from `own-box.ts` or from a module that exports as much. */
  script: string;
}

/** Bundles the Worker, and the page into dist/public. Throws if that fails. */
export async function build(): Promise<Build> {
  const bundled = Promise.all([bundleWorker(OWN_BOX), buildPage()]);
  const config = readWorkerConfig();
  const [script] = await bundled;
  return { config, script };
}
