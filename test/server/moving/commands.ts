import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Pauses take a thousandth of their time, a call 10 s, and after 30 s of failures the command gives up. */
const FAST = "0.001,10000,30000";

/** The keys of a server of the tests. */
export const TRIAL_KEYS = { APP_ID: "parley-dev", MASTER_KEY: "parley-dev-master" };

export interface Ended {
  code: number | null;
  output: string;
}

/** A command as a process. */
export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
}

export type Command = "export" | "import" | "verify";

export function startCommand(command: Command, args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(join(ROOT, "node_modules/.bin/node"), [`scripts/${command}.ts`, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PARLEY_TEST_PACE: FAST,
      ...TRIAL_KEYS,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return { child, ended };
}

export function runCommand(command: Command, args: string[], env?: Record<string, string>): Promise<Ended> {
  return startCommand(command, args, env).ended;
}

/** The rows that an import counted, by kind. */
export function countsIn({ output }: Ended): Record<string, string> {
  const lines = output.split("\n").flatMap((line) => /^ {2}([\w/ ]+): (.*)$/.exec(line)?.slice(1, 3) ?? []);
  return Object.fromEntries(
    Array.from({ length: lines.length / 2 }, (_, at) => [lines[2 * at], lines[2 * at + 1] ?? ""]),
  );
}
