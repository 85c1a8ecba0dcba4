import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

export interface EngineProcess {
  url: string;
  port: number;
  /** The lines it printed since it listens, oldest first. */
  printed: string[];
  stop(): Promise<void>;
  /** SIGKILL, as in a crash. */
  kill(): Promise<void>;
}

interface EngineOptions {
  /** A file beside this one, or a path: a project on an official engine that prints `listening <port>`. */
  script?: string;
  /** The program that runs the script; Node by default. */
  program?: string;
  env?: Record<string, string>;
}

/** Starts the official engine with the hooks of a script, in a process of its own; resolves once it listens. */
export async function startEngine({
  script = "engine.cjs",
  program = process.execPath,
  env = {},
}: EngineOptions = {}): Promise<EngineProcess> {
  const path = resolve(import.meta.dirname, script);
  const child = spawn(program, [path], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const printed: string[] = [];
  const listening = new Promise<number>((listen, reject) => {
    child.once("exit", (code) => reject(new Error(`the engine left with ${code}`)));
    createInterface(child.stdout).on("line", (line) => {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port === undefined) printed.push(line);
      else listen(Number(port));
    });
  });
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  const port = await listening;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    printed,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}
