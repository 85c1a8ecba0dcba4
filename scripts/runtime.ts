import { resolve } from "node:path";
import { archiveDatabases } from "./archive-databases.ts";
import type { Build } from "./build.ts";
import { QuietLog } from "./database.ts";
import { filesFolder } from "./files-folder.ts";
import { type BridgedRequest, Http2Bridge } from "./http2.ts";
import { convertV4MiniflareOptions, Miniflare, type RuntimeOptions } from "./miniflare.ts";
import { publicNetwork } from "./network.ts";
import type { StartOptions } from "./options.ts";
import { logRuntimeLine } from "./runtime-log.ts";

/** The Worker, and in `front-door.ts` the class of its entrypoint. */
export const WORKER = "parley";
const FRONT_DOOR = "FrontDoor";

/** The runtime of a single machine. It is reached by its own entrypoint if it has one, and not through Miniflare's. */
export class Runtime extends Miniflare {
  override get ready(): Promise<URL> {
    return super.ready.then((front) => this.unsafeGetDirectURL(WORKER, FRONT_DOOR).catch(() => front));
  }
}

/** The Worker's bindings from the process around it. */
export function ownServices(health: () => Promise<object>) {
  const bridge = new Http2Bridge();
  return {
    PUBLIC_NETWORK: publicNetwork,
    HTTP2: (request: BridgedRequest) => bridge.fetch(request),
    HOST: async () => Response.json(await health()),
  };
}

/** Options of every runtime. */
export const COMMON_OPTIONS = {
  // Miniflare would otherwise look up this machine's location in the network.
  cf: false,
  logRequests: false,
  log: new QuietLog(),
  handleStructuredLogs: logRuntimeLine,
};

/** Options of the runtime that serves. */
export function runtimeOptions(
  { host, port, data, variables }: Pick<StartOptions, "host" | "port" | "data" | "variables">,
  { config, script }: Build,
  services: ReturnType<typeof ownServices>,
): RuntimeOptions {
  const { modulesRules: _, ...worker } = config;
  return {
    ...convertV4MiniflareOptions({
      ...worker,
      name: WORKER,
      modules: [{ type: "ESModule", path: "parley.js", contents: script }],
      bindings: Object.assign({}, worker.bindings, { SINGLE_MACHINE: "1" }, variables),
      d1Databases: Object.assign({}, worker.d1Databases, archiveDatabases(variables)),
      serviceBindings: Object.assign({}, worker.serviceBindings, services, {
        FILES_FOLDER: { disk: { path: filesFolder(data), writable: true } },
      }),
      unsafeDirectSockets: [{ host, port, entrypoint: FRONT_DOOR }],
      // Miniflare's own entrypoint is for this process alone.
      host: "127.0.0.1",
      port: 0,
      ...COMMON_OPTIONS,
    }),
    // Not above: the conversion drops it, and the data would be gone with the process.
    resourcePersistencePath: resolve(data),
  };
}
