import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } from "miniflare";
import { unstable_getMiniflareWorkerOptions as readWranglerConfig } from "wrangler";
import { buildPage } from "./build-page.ts";
import { claim } from "./claim.ts";
import { runDaily } from "./daily.ts";
import { WorkerdGuard } from "./guard.ts";
import { type BridgedRequest, Http2Bridge } from "./http2.ts";
import { applyMigrations } from "./migrations.ts";
import { publicNetwork } from "./network.ts";
import { Refusal, type StartOptions } from "./options.ts";
import { bundleWorker } from "./worker.ts";

/** How long a stop may take before it is forced, in milliseconds. */
const PATIENCE = 5_000;
/** Below this many file descriptors a busy server soon runs out: an awake object needs about five. */
const DESCRIPTORS_ENOUGH = 10_000;

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Serves everything from one workerd with its data in a folder, and returns the URL once it is ready, D1's
 * tables included. A signal then ends it. Throws a `Refusal` for a folder or an address that is taken.
 */
export async function serve(options: StartOptions): Promise<string> {
  await claim(options.data);
  await warnOfFewDescriptors();
  const [script] = await Promise.all([bundleWorker(), buildPage()]);
  const guard = new WorkerdGuard();
  const miniflare = new Miniflare(miniflareOptions(options, script));
  stopOnSignals(miniflare, guard);
  const { port } = await miniflare.ready.catch(refuse);
  await applyMigrations(await miniflare.getD1Database("DB"), at("migrations"));
  runDaily(miniflare);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return `http://${host}:${port}`;
}

/** Miniflare says in one sentence what is wrong with a port or an address; its stack adds nothing. */
function refuse(error: unknown): never {
  throw error instanceof MiniflareCoreError ? new Refusal(`Not started: ${error.message}`, 1) : error;
}

function miniflareOptions({ host, port, data, variables }: StartOptions, script: string) {
  const { workerOptions } = readWranglerConfig(at("wrangler.toml"));
  const { modulesRules: _, ...worker } = workerOptions;
  const bridge = new Http2Bridge();
  return {
    ...convertV4MiniflareOptions({
      ...worker,
      name: "parley",
      modules: [{ type: "ESModule", path: "parley.js", contents: script }],
      bindings: Object.assign({}, worker.bindings, variables, { OWN_BOX: "1" }),
      serviceBindings: Object.assign({}, worker.serviceBindings, {
        PUBLIC_NETWORK: publicNetwork,
        HTTP2: (request: BridgedRequest) => bridge.fetch(request),
      }),
      host,
      port,
      // Miniflare would otherwise ask the network where this machine is.
      cf: false,
      logRequests: false,
      log: new Log(LogLevel.WARN),
    }),
    // Not above: the conversion drops it, and the data would be gone with the process.
    resourcePersistencePath: resolve(data),
  };
}

/** A first signal ends everything and leaves with 0; a second one, or too long a wait, ends it by force. */
function stopOnSignals(miniflare: Miniflare, guard: WorkerdGuard): void {
  let stopping = false;
  const leave = () => {
    guard.kill();
    guard.release();
    process.exit(0);
  };
  const stop = () => {
    if (stopping) return leave();
    stopping = true;
    setTimeout(leave, PATIENCE);
    miniflare.dispose().catch(console.error).finally(leave);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    // Miniflare's own would leave with 128 and more, as if the stop had failed.
    process.removeAllListeners(signal);
    process.on(signal, stop);
  }
}

/** Linux only; Node has already raised the soft limit to the hard one, and workerd inherits that. */
async function warnOfFewDescriptors(): Promise<void> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  if (limit >= DESCRIPTORS_ENOUGH) return;
  console.warn(
    `Parley: only ${limit} file descriptors allowed, enough for about ${Math.floor(limit / 5)} busy clients ` +
      `and conversations. Raise it: ulimit -n ${DESCRIPTORS_ENOUGH} or more.`,
  );
}
