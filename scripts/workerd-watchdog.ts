import { ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

/**
 * Ends workerd with this process, however this process ends. Otherwise it would outlive a SIGKILL of its parent, hold
 * the port, and write to files that the next server opens. A shell waits at the other end of a pipe, which the kernel
 * closes even after SIGKILL, and then ends the last workerd it knows.
 */
export class WorkerdGuard {
  readonly #shell = spawn(
    "/bin/sh",
    ["-c", 'while read -r line; do pid=$line; done; kill -9 "$pid" 2>/dev/null'],
    // In a process group of its own: a Ctrl+C in the terminal must not end the watchdog before workerd.
    { stdio: ["pipe", "ignore", "ignore"], detached: true },
  );
  readonly #onEnd: (by: string) => void;
  #workerd: ChildProcess | undefined;

  /** @param onEnd is called when the last workerd ended, for whatever reason; `by` describes how, for people */
  constructor(onEnd: (by: string) => void) {
    this.#onEnd = onEnd;
    this.#shell.on("error", () =>
      console.warn("Parley: no shell here to end workerd if this process is killed"),
    );
    this.#shell.stdin.on("error", () => {});
    this.#shell.unref();
    // Miniflare hides its child process and starts another after a crash; Node reports each one.
    subscribe("child_process", (message) => {
      const child = childOf(message);
      if (child === undefined) return;
      putIntoOwnGroup(child);
      child.once("spawn", () => {
        if (!isWorkerd(child.spawnfile)) return;
        this.#workerd = child;
        this.#shell.stdin.write(`${child.pid}\n`);
        child.once("exit", (code, signal) => {
          if (this.#workerd === child) this.#onEnd(endOf(code, signal));
        });
      });
    });
  }

  /** The process of the last workerd; undefined before there was one. */
  get pid(): number | undefined {
    return this.#workerd?.pid;
  }

  /** Ends workerd at once; acknowledged data is on the disk. */
  kill(): void {
    this.#workerd?.kill("SIGKILL");
  }

  /** Ends the watchdog itself, once workerd is gone. */
  release(): void {
    this.#shell.kill("SIGKILL");
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  switch (signal) {
    case null:
      return `it left with exit code ${code}`;
    case "SIGKILL":
      return "killed (SIGKILL), by somebody or by the kernel because memory ran out (see dmesg)";
    case "SIGABRT":
    case "SIGTRAP":
    case "SIGILL":
    case "SIGSEGV":
    case "SIGBUS":
      return `it crashed (${signal}), as it does when its own memory is full; its last lines are above`;
    default:
      return `ended by ${signal}`;
  }
}

function isWorkerd(file: unknown): boolean {
  return typeof file === "string" && file.includes("workerd");
}

/**
 * Has workerd lead a process group of its own. A Ctrl+C in the terminal signals a whole group: workerd would end before
 * it is asked for what it counted. Miniflare has no option for that, and Node's types do not name the method that it
 * calls next on the process it just reported (Node 22, November 2026). Without it everything else still works.
 */
function putIntoOwnGroup(child: ChildProcess): void {
  const spawn: unknown = Reflect.get(child, "spawn");
  if (typeof spawn !== "function") return;
  Reflect.set(child, "spawn", (options: unknown) => {
    const given = typeof options === "object" && options !== null && "file" in options ? options : undefined;
    return Reflect.apply(spawn, child, [isWorkerd(given?.file) ? { ...given, detached: true } : options]);
  });
}

function childOf(message: unknown): ChildProcess | undefined {
  if (typeof message !== "object" || message === null || !("process" in message)) return undefined;
  return message.process instanceof ChildProcess ? message.process : undefined;
}
