import { parseArgs } from "node:util";
import { type AppAt, here, masterKeyFrom, serverIn } from "../moving/credentials.ts";
import { Refusal } from "../options.ts";

export const usage = `Usage: npm run import -- <folder> --server <url> [options]

  <folder>                what npm run export has written
  --server <url>          the Parley that it goes to, such as https://im.example.com or http://127.0.0.1:8787
  --app-id <id>           the app; otherwise APP_ID of the environment
  --master-key-file <f>   a file with Parley's master key; otherwise MASTER_KEY of the environment, or it is asked for
  --files-url <url>       where phones will find files, such as https://im.example.com/files, for addresses in messages;
                          otherwise as the server says
  --keep-urls             leave addresses of files in messages as they are: for a file domain of your own
  --without <what>        leave out one of users, files, conversations, messages, services, unread, permissions,
                          installations; services are their subscribers, broadcasts and what users wrote to them
  --json                  progress as lines of JSON
  --help                  show this

Exit codes: 0 it is done; 1 it cannot be done; 2 the command line is wrong; 4 the server does not answer; 5 it is done,
and some rows were refused. After 4 or a kill the same command goes on. See docs/moving.md.`;

export const STAGES = [
  "users",
  "files",
  "conversations",
  "messages",
  "services",
  "unread",
  "permissions",
  "installations",
] as const;
export type Stage = (typeof STAGES)[number];

export interface ImportOptions {
  from: string;
  to: AppAt;
  filesUrl: string | undefined;
  keepsUrls: boolean;
  without: ReadonlySet<Stage>;
  json: boolean;
}

/** Throws a `Refusal` (2) for a bad command line, and (1) for a key that cannot be had. */
export async function readOptions(
  args: string[],
  environment: NodeJS.ProcessEnv,
): Promise<ImportOptions | "help"> {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const [folder, ...others] = positionals;
  if (folder === undefined || others.length > 0) throw misused("Name one folder of an export.");
  if (values.server === undefined) throw misused("--server is missing: the Parley that the export goes to");
  const server = serverIn(values.server);
  if (server === undefined)
    throw misused("--server must be a URL; https, unless it is this machine: it is sent the master key");
  const appId = values["app-id"] || environment.APP_ID;
  if (!appId) throw misused("No app is named: set APP_ID in the environment, or give --app-id");
  const filesUrl = values["files-url"]?.replace(/\/+$/, "");
  if (filesUrl !== undefined && !(/^https?:/.test(filesUrl) && URL.canParse(filesUrl)))
    throw misused("--files-url must be a URL");
  return {
    from: here(folder),
    to: {
      server,
      appId,
      masterKey: await masterKeyFrom(values["master-key-file"], "MASTER_KEY", environment),
    },
    filesUrl,
    keepsUrls: values["keep-urls"],
    without: new Set(values.without.flatMap((list) => list.split(",")).map(stageIn)),
    json: values.json,
  };
}

function stageIn(name: string): Stage {
  const stage = STAGES.find((each) => each === name);
  if (stage === undefined) throw misused(`there is no "${name}" to leave out`);
  return stage;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        server: { type: "string" },
        "app-id": { type: "string" },
        "master-key-file": { type: "string" },
        "files-url": { type: "string" },
        "keep-urls": { type: "boolean", default: false },
        without: { type: "string", multiple: true, default: [] },
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
