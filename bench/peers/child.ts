import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { processTree } from "../processes.ts";

const ARTIFACTS = fileURLToPath(new URL("../../artifacts/", import.meta.url));
const START_DEADLINE = 30_000; // ms
const STOP_DEADLINE = 15_000; // ms

export const LOOPBACK = "127.0.0.1";

/** What a server is started with: a folder of its own on the disk, and a port that is free. */
export interface Place {
  folder: string;
  port: number;
}

export interface StartedChild {
  place: Place;
  pids(): number[];
  stop(): Promise<void>;
}

/** How to run a server in a place: writes its settings there, and says what to run. */
export type Preparation = (place: Place) => Promise<{
  command: string;
  arguments: string[];
  environment?: Record<string, string>;
}>;

/** Starts a server as a process of its own, and waits until it takes connections. */
export async function startChild(prepare: Preparation): Promise<StartedChild> {
  await mkdir(ARTIFACTS, { recursive: true });
  const place = { folder: await mkdtemp(`${ARTIFACTS}peer-`), port: await freePort() };
  const { command, arguments: given, environment } = await prepare(place);
  const child = spawn(command, given, {
    cwd: place.folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    });
  }
  const stop = async () => {
    await end(child);
    process.off("exit", kill);
    await rm(place.folder, { recursive: true, force: true });
  };
  try {
    await answering(place.port, child);
  } catch (problem) {
    await stop();
    throw new Error(`${command} did not start: ${output}`, { cause: problem });
  }
  return { place, pids: () => processTree(child.pid ?? 0), stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, "exit");
  const others = processTree(child.pid).filter((pid) => pid !== child.pid);
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE);
  await gone;
  clearTimeout(timer);
  for (const pid of others) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It went with its parent.
    }
  }
}

/** A port that nobody listens on. Another process may take it before the server does; then the server fails. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (const start = performance.now(); performance.now() - start < START_DEADLINE; await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const socket = connect(port, LOOPBACK);
    try {
      await once(socket, "connect");
      return;
    } catch {
      // Not yet.
    } finally {
      socket.destroy();
    }
  }
  throw new Error("it takes no connections");
}
