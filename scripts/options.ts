import { parseArgs } from "node:util";
import { generationsIn } from "../src/database/messages/generations.ts";
import { TRIAL } from "../src/demo-mode.ts";
import { areTrialKeys, HOW_TO_MAKE_ONE, type Keys, problemsOf } from "./keys.ts";

export const usage = `Usage: npm start [-- options]

  --port <number>   port to listen on, 0 for any free one (default 8787)
  --host <address>  address to listen on (default 127.0.0.1)
  --data <folder>   where everything is kept (default .data)
  --proxies <n>     reverse proxies of yours in front, whose X-Forwarded-For is believed (default 0)
  --demo            fill an empty server with people who chat, allow editing and recalling messages, and let the page at
                    / log in by itself
  --help            show this

APP_ID, APP_KEY and MASTER_KEY come from the environment, and ANDROID_KEY if the app has one. Without them the server is only reachable
from this machine, with the app id parley-dev, app key parley-dev-key and master key parley-dev-master.
ARCHIVE names further databases of messages (docs/running.md).
Elsewhere the master key must have 24 characters or more, the app key 12: ${HOW_TO_MAKE_ONE}.`;

export interface StartOptions {
  host: string;
  port: number;
  data: string;
  /** A file with a `Build` as JSON; without one everything is built at the start. */
  build: string | undefined;
  /** The Worker's environment besides wrangler.toml's own variables. */
  variables: Keys & {
    PROXIES: string;
    LOOPBACK: string;
    ANDROID_KEY?: string;
    DEMO?: string;
    CONSOLE?: string;
    ARCHIVE?: string;
  };
  /** The problems of the owner's keys if strangers reach the server through a proxy. */
  weaknesses: string[];
}

/** A command's refusal: printed without a stack before exiting with this code. */
export class Refusal extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Reads the command line and the environment. Throws a `Refusal`: 2 for bad flags, 1 for keys that are missing or
 * weak on a server that others can reach.
 */
export function readOptions(args: string[], environment: NodeJS.ProcessEnv): StartOptions | "help" {
  const flags = parse(args);
  if (flags.help) return "help";
  if (!/^\d{1,5}$/.test(flags.port) || Number(flags.port) > 65_535) {
    throw new Refusal(`--port must be a number from 0 to 65535, not "${flags.port}"\n\n${usage}`, 2);
  }
  if (!/^\d$/.test(flags.proxies)) {
    throw new Refusal(`--proxies must be a number from 0 to 9, not "${flags.proxies}"\n\n${usage}`, 2);
  }
  for (const name of ["host", "data"] as const) {
    if (flags[name] === "") throw new Refusal(`--${name} must not be empty\n\n${usage}`, 2);
  }
  const keys = { ...TRIAL };
  for (const name of ["APP_ID", "APP_KEY", "MASTER_KEY"] as const) {
    const given = environment[name];
    if (given) keys[name] = given;
  }
  const problems = problemsOf(keys);
  if (problems.length > 0 && !isLoopback(flags.host)) {
    throw new Refusal(
      `Not started, since others can reach ${flags.host}: in the environment, ${problems.join("; ")} (${HOW_TO_MAKE_ONE}).`,
      1,
    );
  }
  const variables = {
    ...keys,
    PROXIES: flags.proxies,
    LOOPBACK: isLoopback(flags.host) ? "1" : "0",
    ...(environment.ANDROID_KEY ? { ANDROID_KEY: environment.ANDROID_KEY } : {}),
    // For people at this machine. Behind proxies that the owner names, the setting `console.enabled` decides.
    ...(isLoopback(flags.host) && flags.proxies === "0" ? { CONSOLE: "1" } : {}),
    ...(flags.demo ? { DEMO: "1" } : {}),
    ...(environment.ARCHIVE ? { ARCHIVE: checkedArchive(environment.ARCHIVE) } : {}),
    // Tests play push services on this machine.
    ...(environment.PARLEY_TEST_PUSH_SERVICES === "loopback" && { TEST_PUSH_SERVICES: "loopback" }),
  };
  const weaknesses = areTrialKeys(keys) ? [] : problems;
  return {
    host: flags.host,
    port: Number(flags.port),
    data: flags.data,
    // Tests build once for all the servers that they start.
    build: environment.PARLEY_TEST_BUILD || undefined,
    variables,
    weaknesses,
  };
}

function checkedArchive(variable: string): string {
  try {
    generationsIn(variable);
    return variable;
  } catch (error) {
    throw new Refusal(
      `Not started: in the environment, ${error instanceof Error ? error.message : error}.`,
      1,
    );
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: "string", default: "8787" },
        host: { type: "string", default: "127.0.0.1" },
        data: { type: "string", default: ".data" },
        proxies: { type: "string", default: "0" },
        demo: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const hint = /positional/.test(problem)
      ? "\nnpm takes flags for itself unless two dashes stand before them: npm start -- --port 9000"
      : "";
    throw new Refusal(`${problem}${hint}\n\n${usage}`, 2);
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
