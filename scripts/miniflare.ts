import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * Miniflare and Wrangler's reading of wrangler.toml are loaded as what they are, CommonJS: `import` would parse their
 * 20 MB twice more to find their exports, at each start (Node 22, November 2026).
 */

const require = createRequire(import.meta.url);
const miniflare: typeof import("miniflare") = require("miniflare");

export const { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } = miniflare;

export type RuntimeOptions = ConstructorParameters<typeof Miniflare>[0];

type Wrangler = typeof import("wrangler");
/** The Worker's bindings and the rest of wrangler.toml, for Miniflare. */
export type WorkerConfig = ReturnType<Wrangler["unstable_getMiniflareWorkerOptions"]>["workerOptions"];

/** Reads wrangler.toml. */
export function readWorkerConfig(): WorkerConfig {
  const wrangler: Wrangler = require("wrangler");
  const path = fileURLToPath(new URL("../wrangler.toml", import.meta.url));
  return wrangler.unstable_getMiniflareWorkerOptions(path).workerOptions;
}
