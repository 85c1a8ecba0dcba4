import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Refusal } from "../options.ts";

/** An app at a server, with the key that may do everything. */
export interface AppAt {
  /** Such as `https://im.example.com`, without a slash at the end. */
  server: string;
  appId: string;
  masterKey: string;
}

/** Paths on a command line are those of the shell that typed them; npm runs commands somewhere else. */
export function here(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}

/** Without a slash at the end; undefined for what is no address that the master key may be sent to. */
export function serverIn(text: string): string | undefined {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, origin, pathname } = new URL(text);
  if (protocol === "http:" && !isLoopback(text)) return undefined;
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

/** Whether an address is this machine's own. */
export function isLoopback(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}

/**
 * The master key: from a file, from the environment, or typed without being shown. Throws a `Refusal` (1).
 *
 * @param variable of the environment
 */
export async function masterKeyFrom(
  file: string | undefined,
  variable: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const key = await keyFrom(file, variable, environment);
  if (!/^[\x21-\x7e]+$/.test(key)) throw new Refusal("The master key is empty, or has odd characters.", 1);
  return key;
}

async function keyFrom(
  file: string | undefined,
  variable: string,
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  if (file !== undefined) {
    const text = await readFile(here(file), "utf8").catch(() => {
      throw new Refusal(`${file} cannot be read.`, 1);
    });
    return text.trim();
  }
  const given = environment[variable];
  if (given) return given;
  if (process.stdin.isTTY) return secretFromTerminal("Master key: ");
  throw new Refusal(`${variable} is missing in the environment, and --master-key-file`, 2);
}

/** What somebody types, without showing it. */
async function secretFromTerminal(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.on("SIGINT", () => process.exit(130));
  const answer = await terminal.question("");
  terminal.close();
  process.stderr.write("\n");
  return answer.trim();
}
