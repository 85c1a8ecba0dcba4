import { buildPage } from "./build-page.ts";
import { bundleWorker, OWN_BOX } from "./worker.ts";

/** Bundles the page into dist/public, and the Worker, which it returns as one ES module. Throws if that fails. */
export async function build(): Promise<string> {
  const [script] = await Promise.all([bundleWorker(OWN_BOX), buildPage()]);
  return script;
}
