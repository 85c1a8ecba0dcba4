import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** How long its threads may take to stand still, in milliseconds: one may be waiting for the disk. */
const STANDSTILL = 200;

/** A workerd that works on the data of a folder. Linux only: all of it is read from /proc. */
export class RunningRuntime {
  readonly #pid: number;
  readonly #folder: string;

  private constructor(pid: number, folder: string) {
    this.#pid = pid;
    this.#folder = folder;
  }

  /** @param folder as `realpath` has it. Undefined where there is none, or none that this user may look at */
  static on(folder: string): RunningRuntime | undefined {
    for (const name of readdirSync("/proc")) {
      if (!/^\d+$/.test(name) || textOf(`/proc/${name}/comm`).trim() !== "workerd") continue;
      const runtime = new RunningRuntime(Number(name), folder);
      if (runtime.openFiles().length > 0) return runtime;
    }
    return undefined;
  }

  /** The databases that it has open, by their whole paths. Only these can change. */
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
   * Does something while the runtime stands still, which is to be over in milliseconds. Whatever happens to this
   * process, the runtime goes on afterwards: a shell sees to that, which learns of our end by its pipe. Throws where it
   * does not come to a standstill, or is gone.
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

  /** No thread of it runs, or is still in a call to the kernel. */
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
