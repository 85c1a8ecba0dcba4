import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Miniflare } from "miniflare";
import * as v from "valibot";
import { settingsFrom } from "../src/settings/schema.ts";
import { switchesOff } from "../src/settings/switches-off.ts";
import { archiveDatabases } from "./archive-databases.ts";
import type { Build } from "./build.ts";
import { watchClock } from "./clock-watch.ts";
import { prepareDatabase } from "./database.ts";
import { prepareFilesFolder } from "./files-folder.ts";
import { hostHealth } from "./host-health.ts";
import { areTrialKeys, HOW_TO_MAKE_ONE } from "./keys.ts";
import {
  convertV4MiniflareOptions,
  MiniflareCoreError,
  type RuntimeOptions,
  type WorkerConfig,
} from "./miniflare.ts";
import { Refusal, type StartOptions } from "./options.ts";
import { reportCounts } from "./report-counts.ts";
import { COMMON_OPTIONS, ownServices, Runtime, runtimeOptions } from "./runtime.ts";
import { runScheduledCleanup } from "./scheduled-cleanup.ts";
import { errorLine, Supervisor } from "./supervisor.ts";
import { WorkerdGuard } from "./workerd-watchdog.ts";

/** The time for a stop before it is forced, in milliseconds. */
const STOP_DEADLINE = 5_000;
/** A busy server needs more file descriptors than this: about five per awake object. */
const DESCRIPTORS_ENOUGH = 10_000;

/**
 * Serves everything from one workerd with its data in a locked folder, and returns the URL once it is ready. A signal
 * then ends it. D1's tables are migrated before the Worker starts with its port, objects and alarms. Throws a `Refusal`
 * for problems that a retry cannot solve.
 */
export async function serve(options: StartOptions): Promise<string> {
  await warnOfFewDescriptors();
  const services = ownServices(() => hostHealth(guard.pid, supervisor.restarts));
  const guard = new WorkerdGuard((by) => supervisor.ended(by));
  const supervisor: Supervisor<Miniflare> = new Supervisor({
    port: options.port,
    make: (port) => start(runtimeOptions({ ...options, port }, built, services)),
    isFinal: refusalOf,
    log: (line) => console.warn(line),
  });
  const start = (given: RuntimeOptions) => {
    const miniflare = new Runtime(given);
    // Each sets its own handlers, which would exit with 128 and more, as if the stop had failed.
    stopOnSignals(supervisor, guard);
    return miniflare;
  };
  await prepareFilesFolder(options.data);
  const built = await readBuild(options.build);
  const overrides = await prepareDatabase(() => start(databaseOptions(options, built.config)), options);
  warnOfOpenSwitches(options, overrides);
  const { port } = await supervisor.start();
  runScheduledCleanup(() => supervisor.runtime);
  watchClock((back) => {
    console.warn(`Parley: the clock was set back by ${Math.round(back / 1000)} s; the runtime starts anew.`);
    guard.kill();
  });
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return `http://${host}:${port}`;
}

/** @param path of a file with a build; without one everything is built */
async function readBuild(path: string | undefined): Promise<Build> {
  if (path !== undefined) return JSON.parse(await readFile(path, "utf8"));
  const { build } = await import("./build.ts");
  return build();
}

/** A trial on this machine prints no warnings. */
function warnOfOpenSwitches({ variables, weaknesses }: StartOptions, overrides: string | undefined): void {
  if (areTrialKeys(variables)) return;
  for (const weakness of weaknesses) {
    console.warn(`Parley: before strangers can reach this server, ${weakness} (${HOW_TO_MAKE_ONE}).`);
  }
  const { settings } = settingsFrom(
    overrides === undefined ? {} : JSON.parse(overrides),
    "DEMO" in variables,
  );
  const off = switchesOff(settings);
  if (off.length === 0) return;
  console.warn("Parley: as long as these settings are off (docs/security.md), strangers can:");
  for (const { setting, allows } of off) console.warn(`  ${setting}: ${allows}`);
}

/** If another process took the port meanwhile, it keeps it. */
function refusalOf(error: unknown): Refusal | undefined {
  return error instanceof MiniflareCoreError && error.code === "ERR_ADDRESS_IN_USE"
    ? new Refusal(`Not started: ${errorLine(error)}`, 1)
    : undefined;
}

const WithDatabases = v.object({
  compatibilityDate: v.string(),
  d1Databases: v.record(v.string(), v.object({ id: v.string() })),
});

/** D1 on the same file, behind a Worker without routes. */
function databaseOptions({ data, variables }: StartOptions, config: WorkerConfig): RuntimeOptions {
  const { compatibilityDate, d1Databases } = v.parse(WithDatabases, config);
  const contents = "export default { fetch: () => new Response(null, { status: 503 }) };";
  return {
    ...convertV4MiniflareOptions({
      name: "database",
      modules: [{ type: "ESModule", path: "database.js", contents }],
      compatibilityDate,
      d1Databases: { ...d1Databases, ...archiveDatabases(variables) },
      host: "127.0.0.1",
      port: 0,
      ...COMMON_OPTIONS,
    }),
    resourcePersistencePath: resolve(data),
  };
}

/** The first signal stops everything and exits with 0; a second one, or too long a stop, forces the exit. */
function stopOnSignals(supervisor: Supervisor<Miniflare>, guard: WorkerdGuard): void {
  let stopping = false;
  const leave = () => {
    guard.kill();
    guard.release();
    process.exit(0);
  };
  const stop = () => {
    if (stopping) return leave();
    stopping = true;
    setTimeout(leave, STOP_DEADLINE);
    reportCounts(supervisor.runtime)
      .then(() => supervisor.stop())
      .catch(console.error)
      .finally(leave);
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
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
