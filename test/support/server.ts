import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Bundling twice and starting workerd on a busy machine, in milliseconds. */
const START_DEADLINE = 60_000;
/** The server forces itself to stop after five seconds, in milliseconds. */
const STOP_DEADLINE = 10_000;

export interface ServerOptions {
  /** Folder for the data, kept afterwards; without it a temporary one, removed at the end. */
  data?: string;
  /** Beside this process's own environment; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  /** More flags for `scripts/start.ts`; they come last and win. */
  args?: string[];
  /** File descriptors the server may open; as many as this process by default. */
  descriptors?: number;
}

export interface Server {
  /** Such as `http://127.0.0.1:40123`, without a slash at the end. */
  url: string;
  port: number;
  /** Of the process that was started, which leads a group of its own. */
  pid: number;
  /** An orderly stop, by SIGTERM unless set otherwise; resolves to the exit code. */
  stop(signal?: "SIGTERM" | "SIGINT" | "SIGHUP"): Promise<number | null>;
  /** A Ctrl+C in its terminal, which is SIGINT to the whole process group; resolves to the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL to the whole process group, as a power cut for the processes. */
  kill(): Promise<void>;
  /** What the server has printed so far, on both streams. */
  output(): string;
}

/** Starts a server as `npm start` does, on a free port, and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), "parley-")));
  await putDatabase(data);
  const started = launch(
    ["--port", `${await freePort()}`, "--data", data, ...(options.args ?? [])],
    options.env,
    options.descriptors,
  );
  const { child, output } = started;
  const url = await ready(started);
  const end = async (signal: () => void) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, "exit", { signal: AbortSignal.timeout(STOP_DEADLINE) });
      signal();
      await exited;
    }
    if (options.data === undefined) await rm(data, { recursive: true, force: true, maxRetries: 5 });
    return child.exitCode;
  };
  const pid = pidOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    output,
    stop: (signal = "SIGTERM") => end(() => child.kill(signal)),
    interrupt: () => end(() => process.kill(-pid, "SIGINT")),
    kill: async () => {
      await end(() => process.kill(-pid, "SIGKILL"));
    },
  };
}

/** Puts D1 with its tables and without rows into a new data folder, if `global-setup.ts` made one. */
async function putDatabase(data: string): Promise<void> {
  const { PARLEY_TEST_DATABASE: made } = process.env;
  const isNew = await readdir(data).then(
    ({ length }) => length === 0,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
  if (made !== undefined && isNew) await copyFolder(made, join(data, "d1"));
}

/** Folders for their owner alone, as a server makes them. */
async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const copy = entry.isDirectory() ? copyFolder : copyFile;
    await copy(join(from, entry.name), join(to, entry.name));
  }
}

export interface Launched {
  child: ChildProcess;
  output(): string;
}

/** @param user the numeric user that it runs as; undefined for that of this process */
export function launch(
  args: string[],
  env: Record<string, string | undefined> = {},
  descriptors?: number,
  user?: number,
): Launched {
  const command = [join(ROOT, "node_modules/.bin/node"), "scripts/start.ts", ...args];
  const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
  const child = spawn("/bin/sh", ["-c", `${limit}exec "$@"`, "sh", ...command], {
    cwd: ROOT,
    env: {
      ...process.env,
      APP_ID: undefined,
      APP_KEY: undefined,
      MASTER_KEY: undefined,
      // Browsers' push services are played on this machine.
      PARLEY_TEST_PUSH_SERVICES: "loopback",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    uid: user,
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { child, output: () => text };
}

/** Resolves to the URL of the ready line; rejects with all output when the server leaves or takes too long. */
export async function ready({ child, output }: Launched): Promise<string> {
  const give = new AbortController();
  const exited = once(child, "exit", { signal: give.signal }).then(() => "exit");
  const deadline = Date.now() + START_DEADLINE;
  try {
    for (;;) {
      const url = /Parley is ready on (http:\S+)/.exec(output())?.[1];
      if (url !== undefined) return url;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`the server is not ready after ${START_DEADLINE} ms:\n${output()}`);
      const next = new Promise((resolve) => setTimeout(resolve, 20));
      if ((await Promise.race([exited, next])) === "exit") {
        throw new Error(`the server left with ${child.exitCode ?? child.signalCode}:\n${output()}`);
      }
    }
  } catch (error) {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pidOf(child), "SIGKILL");
    throw error;
  } finally {
    exited.catch(() => {});
    give.abort();
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the server did not start");
  return child.pid;
}
