import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** A whole page of calls, or one program (ms). */
const DEADLINE = 60_000;

/** A fenced piece of a document. */
interface Block {
  /** Empty where it says none. */
  language: string;
  text: string;
}

export interface Page {
  /** Such as `docs/hooks.md`. */
  name: string;
  blocks: Block[];
}

/** The README and everything in `docs`. */
export async function readPages(): Promise<Page[]> {
  const docs = await readdir(join(ROOT, "docs"));
  const names = ["README.md", ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
  return Promise.all(
    names.map(async (name) => ({ name, blocks: blocksOf(await readFile(join(ROOT, name), "utf8")) })),
  );
}

function blocksOf(text: string): Block[] {
  const fenced = text.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...fenced].map(([, language = "", inner = ""]) => ({ language, text: inner }));
}

/** The calls of a page to a server, from top to bottom as one script; empty if there are none. */
export function callsOf({ blocks }: Page): string {
  const calls = blocks.filter(({ language, text }) => {
    return language === "sh" ? text.includes("curl ") : language === "" && text.startsWith("curl ");
  });
  return calls.map(({ text }) => text).join("\n");
}

/** The first program in a language that mentions something. Throws where there is none. */
export function sampleOf({ name, blocks }: Page, language: string, mentioned: string): string {
  const sample = blocks.find((block) => block.language === language && block.text.includes(mentioned));
  if (sample === undefined) throw new Error(`${name} has no sample with ${mentioned}`);
  return sample.text;
}

/** `npm install` takes what `npm ci` has fetched before, and asks for nothing else. */
const QUICK_NPM = { npm_config_prefer_offline: "true", npm_config_audit: "false", npm_config_fund: "false" };

/** A folder in which programs of documents run, with a `curl` that fails by an HTTP error. */
export class ProgramFolder {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** A folder with Parley's packages. */
  static async withPackages(): Promise<ProgramFolder> {
    const programs = await ProgramFolder.empty();
    await symlink(join(ROOT, "node_modules"), join(programs.folder, "node_modules"));
    return programs;
  }

  /** One without any packages but those it installs. */
  static async empty(): Promise<ProgramFolder> {
    const folder = await mkdtemp(join(tmpdir(), "parley-docs-"));
    const curl = join(folder, "curl");
    await writeFile(curl, '#!/bin/sh\nPATH=$OUTER_PATH exec curl --fail-with-body -sS "$@"\n');
    await chmod(curl, 0o755);
    return new ProgramFolder(folder);
  }

  async clear(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Puts a program there and returns its path. */
  async put(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text);
    return path;
  }

  /** Runs a script and resolves to what it printed; rejects with all of that, and each command, when one fails. */
  async shell(script: string): Promise<string> {
    const path = await this.put("script.sh", script);
    const { PATH = "" } = process.env;
    const env = { ...process.env, ...QUICK_NPM, PATH: `${this.folder}:${PATH}`, OUTER_PATH: PATH };
    return run("bash", ["-exo", "pipefail", path], env, this.folder);
  }

  /** Starts a script that goes on; returns what ends it and all that it started. */
  start(script: string): () => Promise<void> {
    const child = spawn("bash", ["-c", script], { cwd: this.folder, stdio: "ignore", detached: true });
    return async () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      const gone = once(child, "exit");
      process.kill(-child.pid);
      await gone;
    };
  }

  /** Runs a program and resolves to what it printed. */
  async node(name: string, text: string): Promise<string> {
    return run(process.execPath, [await this.put(name, text)], process.env);
  }
}

async function run(program: string, args: string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { env, cwd, timeout: DEADLINE });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = Object(error);
    throw new Error(`${error}\n${stderr}\n${stdout}`);
  }
}
