import { parseArgs } from "node:util";
import { type AppAt, here, masterKeyFrom, serverIn } from "../moving/credentials.ts";
import { Refusal } from "../options.ts";

export const usage = `Usage: npm run verify -- <folder> --server <url> [options]
       npm run verify -- --source <url> --server <url> [options]

  <folder>                what npm run export has written; or
  --source <url>          the app where it was: its API at LeanCloud, or another Parley
  --server <url>          the Parley that it is compared with
  --app-id <id>           the app; otherwise APP_ID of the environment
  --master-key-file <f>   a file with Parley's master key; otherwise MASTER_KEY of the environment, or it is asked for
  --source-key-file <f>   a file with the source's master key; otherwise SOURCE_MASTER_KEY of the environment
  --source-app-id <id>    the app at the source, if it has another id
  --sample <n>            how many conversations are read message by message (default 100); all: each of them
  --json                  differences and progress as lines of JSON
  --help                  show this

Exit codes: 0 all is there; 1 it cannot be done; 2 the command line is wrong; 4 a server does not answer; 5 there are
differences. See docs/moving.md.`;

export interface VerifyOptions {
  source: { kind: "folder"; path: string } | { kind: "server"; app: AppAt };
  to: AppAt;
  sample: number;
  json: boolean;
}

/** Throws a `Refusal` (2) for a bad command line, and (1) for a key that cannot be had. */
export async function readOptions(
  args: string[],
  environment: NodeJS.ProcessEnv,
): Promise<VerifyOptions | "help"> {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const server = serverAt(values.server, "--server");
  const appId = values["app-id"] || environment.APP_ID;
  if (!appId) throw misused("No app is named: set APP_ID in the environment, or give --app-id");
  const masterKey = await masterKeyFrom(values["master-key-file"], "MASTER_KEY", environment);
  const sample = values.sample === "all" ? Number.POSITIVE_INFINITY : Number(values.sample);
  if (!(sample >= 0)) throw misused("--sample must be a number, or all");
  const [folder, ...others] = positionals;
  if (others.length > 0 || (folder === undefined) === (values.source === undefined))
    throw misused("Name one folder of an export, or a --source.");
  const to = { server, appId, masterKey };
  const more = { to, sample, json: values.json };
  if (folder !== undefined) return { ...more, source: { kind: "folder", path: here(folder) } };
  const app = {
    server: serverAt(values.source, "--source"),
    appId: values["source-app-id"] || appId,
    masterKey: await masterKeyFrom(values["source-key-file"], "SOURCE_MASTER_KEY", environment),
  };
  return { ...more, source: { kind: "server", app } };
}

function serverAt(text: string | undefined, flag: string): string {
  if (text === undefined) throw misused(`${flag} is missing`);
  const server = serverIn(text);
  if (server === undefined)
    throw misused(`${flag} must be a URL; https, unless it is this machine: it is sent the master key`);
  return server;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        source: { type: "string" },
        server: { type: "string" },
        "app-id": { type: "string" },
        "master-key-file": { type: "string" },
        "source-key-file": { type: "string" },
        "source-app-id": { type: "string" },
        sample: { type: "string", default: "100" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw misused(error instanceof Error ? error.message : String(error));
  }
}

function misused(why: string): Refusal {
  return new Refusal(`${why}\n\n${usage}`, 2);
}
