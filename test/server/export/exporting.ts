import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { Manifest } from "../../../scripts/moving/format.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Pauses take a thousandth of their time, a call 2 s, and after 20 s of failures the command gives up. */
const FAST = "0.001,2000,20000";

export interface Exported {
  code: number | null;
  output: string;
}

/** The command as a process. */
export interface Running {
  child: ChildProcess;
  ended: Promise<Exported>;
}

export function startExport(args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(join(ROOT, "node_modules/.bin/node"), ["scripts/export.ts", ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      PARLEY_TEST_PACE: FAST,
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
  const ended = new Promise<Exported>((resolve) => {
    child.once("close", (code) => resolve({ code, output }));
  });
  return { child, ended };
}

export function runExport(args: string[], env: Record<string, string> = {}): Promise<Exported> {
  return startExport(args, env).ended;
}

export async function manifestIn(folder: string): Promise<Manifest> {
  return v.parse(Manifest, JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
}

/** The texts of a kind's rows. Rejects if a part is not what the manifest says. */
export async function textsIn(folder: string, kind: string): Promise<string[]> {
  const { parts } = await manifestIn(folder);
  const texts: string[] = [];
  for (const part of parts.filter((each) => each.kind === kind)) {
    const bytes = await readFile(join(folder, part.path));
    const lines = bytes.toString().split("\n").slice(0, -1);
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (digest !== part.sha256 || bytes.length !== part.bytes || lines.length !== part.rows) {
      throw new Error(`${part.path} is not what the manifest says`);
    }
    texts.push(...lines);
  }
  return texts;
}

export async function rowsIn<Row = Record<string, unknown>>(folder: string, kind: string): Promise<Row[]> {
  return (await textsIn(folder, kind)).map((text): Row => JSON.parse(text));
}

/** As JSON carries it: without what is undefined. */
export function asJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}
