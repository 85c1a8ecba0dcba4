import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import * as v from "valibot";
import type { TestApp } from "../sdk/test-app.ts";
import { oncePerRun } from "../support/once-per-run.ts";

const HERE = import.meta.dirname;
const FOLDER = join(HERE, "target");
/** Packages may have to be fetched (ms). */
const INSTALL_DEADLINE = 300_000;

/** Where the official Python SDK is installed. */
export const PYTHON = join(FOLDER, "bin/python");

/** Installs the SDK in the required versions, unless that folder has them already. */
export function installPython(): Promise<void> {
  return oncePerRun("python", install);
}

async function install(): Promise<void> {
  const wanted = await readFile(join(HERE, "requirements.txt"), "utf8");
  const stamp = join(FOLDER, "installed.txt");
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return;
  await rm(FOLDER, { recursive: true, force: true });
  const run = (program: string, args: string[]) =>
    promisify(execFile)(program, args, { timeout: INSTALL_DEADLINE, cwd: HERE });
  await run("python3", ["-m", "venv", FOLDER]);
  await run(PYTHON, ["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"]);
  await writeFile(stamp, wanted);
}

/** The SDK's environment, as an app's owner sets it. */
export function environmentOf(app: TestApp) {
  return {
    LEANCLOUD_API_SERVER: app.url,
    LEANCLOUD_APP_ID: app.keys.appId,
    LEANCLOUD_APP_KEY: app.keys.appKey,
    LEANCLOUD_APP_MASTER_KEY: app.masterKey,
  };
}

const Line = v.object({
  id: v.number(),
  result: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.optional(v.number()), message: v.string() })),
});

/** An error of the SDK. */
export class PythonError extends Error {
  readonly code: number | undefined;

  constructor(message: string, code: number | undefined) {
    super(message);
    this.code = code;
  }
}

/** A process with the official Python SDK: an app's server. */
export class Backend {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #asked = new Map<number, (line: v.InferOutput<typeof Line>) => void>();
  #count = 0;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    createInterface(child.stdout).on("line", (text) => {
      const line = v.parse(Line, JSON.parse(text));
      this.#asked.get(line.id)?.(line);
      this.#asked.delete(line.id);
    });
  }

  static start(app: TestApp): Backend {
    const child = spawn(PYTHON, [join(HERE, "backend.py")], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...environmentOf(app) },
    });
    return new Backend(child);
  }

  /** Has the SDK do something; rejects with a `PythonError`. */
  ask(name: string, parameters: object = {}): Promise<unknown> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result);
        else reject(new PythonError(error.message, error.code));
      });
      this.#child.stdin.write(`${JSON.stringify({ id, do: name, with: parameters })}\n`);
    });
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin.end();
    await gone;
  }
}
