import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The time for its threads to stop, in milliseconds: one may be waiting for the disk. */
const STANDSTILL = 200;

/** A workerd that uses a data folder. Linux only: everything is read from /proc. */
export class RunningRuntime {
  readonly #pid: number;
  readonly #folder: string;

  private constructor(pid: number, folder: string) {
    this.#pid = pid;
    this.#folder = folder;
  }

  /** @param folder from `realpath`. Undefined if no workerd uses it that this user may inspect */
  static on(folder: string): RunningRuntime | undefined {
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name) || textOf(`/proc/${name}/comm`).trim() !== "workerd") continue;
      const runtime = new RunningRuntime(Number(name), folder);
      if (runtime.openFiles().length > 0) return runtime;
    }
    return undefined;
  }

  /** The absolute paths of its open databases. Only these can change. */
  openFiles(): string[] {
    const folder = `/proc/${this.#pid}/fd`;
    const files: string[] = [];
    for (const name of namesIn(folder)) {
      const path = linkOf(`${folder}/${name}`);
      if (path.startsWith(`${this.#folder}/`) && path.endsWith(".sqlite")) files.push(path);
    }
    return files;
  }

  /**
   * Runs a callback while the runtime is stopped, which must take only milliseconds. If this process dies, a shell
   * resumes the runtime, because it notices the end of the pipe. Throws if the runtime does not stop, or is gone.
   */
  frozen<T>(work: () => T): { result: T; milliseconds: number } {
    const guard = spawn("/bin/sh", ["-c", `read -r line; kill -CONT ${this.#pid} 2>/dev/null`], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    guard.on("error", () => {});
    guard.stdin.on("error", () => {});
    const start = performance.now();
    try {
      process.kill(this.#pid, "SIGSTOP");
      while (!this.#standsStill()) {
        if (performance.now() - start > STANDSTILL)
          throw new Error("the runtime does not come to a standstill");
      }
      return { result: work(), milliseconds: performance.now() - start };
    } finally {
      process.kill(this.#pid, "SIGCONT");
      guard.stdin.end();
    }
  }

  /** No thread runs or is still in a system call. */
  #standsStill(): boolean {
    const tasks = `/proc/${this.#pid}/task`;
    const names = namesIn(tasks);
    if (names.length === 0) throw new Error("the runtime is gone");
    return names.every((name) => /^\d+ \(.*\) T /s.test(textOf(`${tasks}/${name}/stat`)));
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
