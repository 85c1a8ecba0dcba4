import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Miniflare as Instance } from "miniflare";
import { prepareFilesFolder } from "../scripts/files-folder.ts";
import { applyMigrations } from "../scripts/migrations.ts";
import { convertV4MiniflareOptions, Miniflare, readWorkerConfig } from "../scripts/miniflare.ts";
import type { StartOptions } from "../scripts/options.ts";
import { COMMON_OPTIONS, ownServices, Runtime, runtimeOptions, WORKER } from "../scripts/runtime.ts";
import { bundleWorker } from "../scripts/worker.ts";
import { waitUntilGone, workerds } from "./processes.ts";

/** A Worker to measure. */
export interface Program {
  /** Module beside this one. */
  entry: string;
  environment: Environment;
}

/** Parley as on a single machine, with these variables; or a bare Worker with its objects. */
type Environment =
  | { kind: "Parley"; variables: StartOptions["variables"] & { SINGLE_MACHINE?: string } }
  | { kind: "bare"; objects: string[] };

export interface Server {
  url: URL;
  /** The one process that serves. */
  pid: number;
  /** The socket of V8's inspector of Parley's isolate, if the server was started with one. */
  inspector(): Promise<URL>;
  stop(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/**
 * Bundles a program and serves it from one workerd with its data in a new folder on the disk. Sockets come directly
 * from the runtime, for a bare Worker as for Parley: Miniflare's own entrypoint would cost each of them two more
 * Workers.
 */
export async function startServer({ entry, environment }: Program, isInspected = false): Promise<Server> {
  // Beside the code, since a system's temporary folder may be memory, where commits cost nothing.
  await mkdir(at("artifacts"), { recursive: true });
  const folder = await mkdtemp(at("artifacts/bench-"));
  await prepareFilesFolder(folder);
  const script = await bundleOf(entry);
  const others = workerds();
  const { miniflare, ready } =
    environment.kind === "Parley"
      ? startParley(script, environment.variables, folder, isInspected)
      : startBare(script, environment.objects, folder);
  const url = await ready;
  const [pid, ...more] = workerds().filter((one) => !others.includes(one));
  if (pid === undefined || more.length > 0) throw new Error("a server is not exactly one workerd");
  if (environment.kind === "Parley")
    await applyMigrations(await miniflare.getD1Database("DB"), at("migrations"));
  return {
    url,
    pid,
    inspector: async () => inspectorOf(await miniflare.getInspectorURL()),
    stop: async () => {
      await miniflare.dispose();
      await waitUntilGone(pid);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Started {
  miniflare: Instance;
  ready: Promise<URL>;
}

function startParley(
  script: string,
  variables: StartOptions["variables"],
  data: string,
  isInspected: boolean,
): Started {
  const services = ownServices(async () => ({}));
  const build = { config: readWorkerConfig(), script };
  const options = runtimeOptions({ host: LOOPBACK, port: 0, data, variables }, build, services);
  const miniflare = new Runtime(isInspected ? { ...options, inspectorPort: 0 } : options);
  return { miniflare, ready: miniflare.ready };
}

function startBare(script: string, objects: string[], data: string): Started {
  const name = "bare";
  const miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      name,
      modules: [{ type: "ESModule", path: "worker.js", contents: script }],
      compatibilityDate: "2026-10-20",
      // Like Parley: compression is no part of the comparison.
      compatibilityFlags: ["no_web_socket_compression"],
      durableObjects: Object.fromEntries(objects.map((one) => [one, { className: one, useSQLite: true }])),
      unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
      host: LOOPBACK,
      port: 0,
      ...COMMON_OPTIONS,
    }),
    // The conversion drops it, and data would go to a folder of Miniflare's own choosing.
    resourcePersistencePath: data,
  });
  return { miniflare, ready: miniflare.ready.then(() => miniflare.unsafeGetDirectURL(name)) };
}

const bundles = new Map<string, Promise<string>>();

/** Built once, so that every round measures the same code, whatever is being edited meanwhile. */
export function bundleOf(entry: string): Promise<string> {
  const bundled = bundles.get(entry) ?? bundleWorker(new URL(entry, import.meta.url));
  bundles.set(entry, bundled);
  return bundled;
}

/** Each Worker has a socket of its own. */
async function inspectorOf(runtime: URL): Promise<URL> {
  const list = new URL("/json", runtime);
  list.protocol = "http:";
  const targets: { id: string; webSocketDebuggerUrl: string }[] = await (await fetch(list)).json();
  const found = targets.find(({ id }) => id.endsWith(`:${WORKER}`));
  if (found === undefined) throw new Error(`no inspector among ${targets.map(({ id }) => id).join()}`);
  return new URL(found.webSocketDebuggerUrl);
}
