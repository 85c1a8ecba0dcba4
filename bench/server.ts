import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as readWranglerConfig } from "wrangler";
import { applyMigrations } from "../scripts/migrations.ts";
import { bundleWorker } from "../scripts/worker.ts";
import { waitUntilGone, workerds } from "./processes.ts";

/** A Worker to measure. */
export interface Program {
  /** Module beside this one. */
  entry: string;
  /** What it is given: Parley what wrangler.toml says and these variables, a bare Worker its objects. */
  environment: { wrangler: true; variables: Record<string, string> } | { wrangler: false; objects: string[] };
}

export interface Server {
  url: URL;
  /** The one process that serves. */
  pid: number;
  stop(): Promise<void>;
}

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Bundles a program and serves it from one workerd with its data in a new folder on the disk. */
export async function startServer({ entry, environment }: Program): Promise<Server> {
  // Beside the code, since a system's temporary folder may be memory, where commits cost nothing.
  await mkdir(at("artifacts"), { recursive: true });
  const folder = await mkdtemp(at("artifacts/bench-"));
  const shared = {
    name: "bench",
    modules: [{ type: "ESModule" as const, path: "worker.js", contents: await bundleOf(entry) }],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    log: new Log(LogLevel.ERROR),
  };
  const others = workerds();
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({ ...worker(environment), ...shared }),
    // The conversion drops it, and data would go to a folder of Miniflare's own choosing.
    resourcePersistencePath: folder,
  });
  const url = await miniflare.ready;
  const [pid, ...more] = workerds().filter((one) => !others.includes(one));
  if (pid === undefined || more.length > 0) throw new Error("a server is not exactly one workerd");
  if (environment.wrangler) await applyMigrations(await miniflare.getD1Database("DB"), at("migrations"));
  return {
    url,
    pid,
    stop: async () => {
      await miniflare.dispose();
      await waitUntilGone(pid);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function worker(environment: Program["environment"]) {
  if (environment.wrangler) {
    const { modulesRules: _, ...options } = readWranglerConfig(at("wrangler.toml")).workerOptions;
    return { ...options, bindings: Object.assign({}, options.bindings, environment.variables) };
  }
  const objects = environment.objects.map((name) => [name, { className: name, useSQLite: true }]);
  return { compatibilityDate: "2026-10-20", durableObjects: Object.fromEntries(objects) };
}

const bundles = new Map<string, Promise<string>>();

/** Built once, so that every round measures the same code, whatever is being edited meanwhile. */
export function bundleOf(entry: string): Promise<string> {
  const bundled = bundles.get(entry) ?? bundleWorker(new URL(entry, import.meta.url));
  bundles.set(entry, bundled);
  return bundled;
}
