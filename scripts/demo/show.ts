import { fillWithDemo, HALF_FILLED } from "./fill.ts";

/** Who stays online as long as the server runs. */
const STAYING = ["Spike", "Tuffy", "小鱼"];

/** Fills a server that has just started, if it is empty. Never rejects: the server goes on without a demo. */
export async function showDemo(server: string, keys: NodeJS.ProcessEnv): Promise<void> {
  try {
    const outcome = await fillWithDemo(server, keys, STAYING);
    if (outcome === "filled") console.log(`The demo is there: ${STAYING.join(", ")} stay online.`);
    if (outcome === "half filled") console.warn(`Parley: ${HALF_FILLED}`);
  } catch (error) {
    console.warn("Parley: the demo is not complete:", error instanceof Error ? error.message : error);
  }
}
