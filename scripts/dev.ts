import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { TRIAL } from "../src/demo-mode.ts";

/*
 * `npm run dev`: the Worker under `wrangler dev`, with the keys of the environment or else those of a trial. More flags
 * are wrangler's own, such as `--port`. Keys go by a file: command lines can be read by everybody on the machine.
 */

const WRANGLER = "node_modules/.bin/wrangler";

const environment = {
  ...process.env,
  X_LOCAL_OBSERVABILITY: "false",
  WRANGLER_SEND_METRICS: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** Resolves to its exit code; signals are passed on. */
async function run(args: string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  const child: ChildProcess = spawn(WRANGLER, args, { stdio: "inherit", env: { ...environment, ...more } });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  const [code, signal] = await once(child, "exit");
  if (typeof code === "number") return code;
  return 128 + (Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ?? 0);
}

process.umask(0o077);
const folder = mkdtempSync(join(tmpdir(), "parley-dev-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "keys");
const keys = Object.entries(TRIAL).map(
  ([name, trial]) => `${name}=${JSON.stringify(process.env[name] || trial)}`,
);
writeFileSync(file, `${[...keys, 'CONSOLE="1"'].join("\n")}\n`);

// Run as in a pipeline, where it does not ask whether to continue.
const migrated = await run(["d1", "migrations", "apply", "DB", "--local"], { CI: "1" });
if (migrated !== 0) process.exit(migrated);
process.exit(await run(["dev", "--env-file", file, ...process.argv.slice(2)]));
