import { parseArgs } from "node:util";
import { type AppAt, here, masterKeyFrom, serverIn } from "../moving/credentials.ts";
import { Refusal } from "../options.ts";
import { CLASSES } from "./classes.ts";
import { LISTS } from "./lists.ts";

export const usage = `Usage: npm run export -- --server <url> --to <folder> [options]
       npm run export -- --from-archive <file or folder> --to <folder>

  --server <url>          the app's API, such as https://abcdefgh.lc-cn-n1-shared.com, or that of a Parley
  --to <folder>           a new folder; or that of an export that was stopped, which then goes on
  --app-id <id>           the app; otherwise APP_ID of the environment
  --master-key-file <f>   a file with the master key; otherwise MASTER_KEY of the environment, or it is asked for
  --since <folder>        only what is new since that export, and the days before it, to catch edits and recalls
  --overlap-days <n>      how many days before it (default 3)
  --conversation <id>     messages of this conversation alone; may be given several times; all: of each by itself
  --class <name>          another class to export; may be given several times; all: each class of the app
  --by-archive <class>    take this class from LeanCloud's own export (exportData), as the console makes it; may be
                          given several times
  --without <what>        leave out one of ${["messages", "files", ...LISTS].join(", ")}, ${CLASSES.join(", ")}
  --unread                how many messages each member has not read: says how many calls that takes, and with
  --yes                   makes them
  --file-host <host>      fetch files from this host too, besides LeanCloud's; may be given several times
  --from-archive <path>   read an export of LeanCloud's console instead; may be given several times
  --wait                  when a trial's calls of the day are used up, wait and go on
  --report-to <url>       tell a Parley how it goes, for its console; with the same app id and master key, or with
                          REPORT_APP_ID and REPORT_MASTER_KEY of the environment
  --json                  progress as lines of JSON
  --part-megabytes <n>    the size of a part (default 64)
  --help                  show this

Exit codes: 0 it is done; 1 it cannot be done; 2 the command line is wrong; 3 the calls of the day are used up;
4 the server does not answer. After 3, 4 or a kill the same command goes on. See docs/export.md.`;

export interface ExportOptions {
  to: string;
  source:
    | { kind: "api"; server: string; appId: string; masterKey: string }
    | { kind: "archive"; files: string[] };
  since: string | undefined;
  overlapDays: number;
  /** Conversations whose messages are wanted; undefined for the list of all of the app's messages. */
  conversations: string[] | "all" | undefined;
  classes: string[] | "all";
  /** Classes that LeanCloud's own export is asked for first. */
  byArchive: ReadonlySet<string>;
  without: ReadonlySet<string>;
  unread: "no" | "estimate" | "yes";
  fileHosts: string[];
  waits: boolean;
  /** The Parley that is told how it goes. */
  reportTo: AppAt | undefined;
  json: boolean;
  /** Bytes. */
  partBytes: number;
}

const flags = {
  server: { type: "string" },
  to: { type: "string" },
  "app-id": { type: "string" },
  "master-key-file": { type: "string" },
  since: { type: "string" },
  "overlap-days": { type: "string", default: "3" },
  conversation: { type: "string", multiple: true, default: [] },
  class: { type: "string", multiple: true, default: [] },
  "by-archive": { type: "string", multiple: true, default: [] },
  without: { type: "string", multiple: true, default: [] },
  unread: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  "file-host": { type: "string", multiple: true, default: [] },
  "from-archive": { type: "string", multiple: true, default: [] },
  wait: { type: "boolean", default: false },
  "report-to": { type: "string" },
  json: { type: "boolean", default: false },
  "part-megabytes": { type: "string", default: "64" },
  help: { type: "boolean", default: false },
} satisfies NonNullable<Parameters<typeof parseArgs>[0]>["options"];

type Flags = ReturnType<typeof parse>;

/** Throws a `Refusal` (2) for a bad command line, and (1) for a key that cannot be had. */
export async function readOptions(
  args: string[],
  environment: NodeJS.ProcessEnv,
): Promise<ExportOptions | "help"> {
  const values = parse(args);
  if (values.help) return "help";
  if (!values.to) throw misused("--to is missing");
  const without = values.without.flatMap((list) => list.split(","));
  for (const name of without)
    if (!OPTIONAL.includes(name)) throw misused(`there is no "${name}" to leave out`);
  const source = await sourceOf(values, environment);
  return {
    to: here(values.to),
    source,
    reportTo: await reportTo(values, source, environment),
    since: values.since === undefined ? undefined : here(values.since),
    overlapDays: numberOf(values["overlap-days"], "overlap-days"),
    conversations: manyOrAll(values.conversation),
    classes: manyOrAll(values.class) ?? [],
    byArchive: new Set(values["by-archive"]),
    without: new Set(without),
    unread: values.unread ? (values.yes ? "yes" : "estimate") : "no",
    fileHosts: values["file-host"],
    waits: values.wait,
    json: values.json,
    partBytes: numberOf(values["part-megabytes"], "part-megabytes") * 1e6,
  };
}

const OPTIONAL: string[] = ["messages", "files", ...LISTS, ...CLASSES];

async function sourceOf(values: Flags, environment: NodeJS.ProcessEnv): Promise<ExportOptions["source"]> {
  if (values["from-archive"].length > 0) {
    if (values.server !== undefined || values.since !== undefined)
      throw misused("--from-archive reads no server");
    return { kind: "archive", files: values["from-archive"].map(here) };
  }
  const server = serverOf(values.server);
  const appId = values["app-id"] || environment.APP_ID;
  if (!appId) throw misused("No app is named: set APP_ID in the environment, or give --app-id");
  const masterKey = await masterKeyFrom(values["master-key-file"], "MASTER_KEY", environment);
  return { kind: "api", server, appId, masterKey };
}

/** An archive has no key. */
async function reportTo(
  { "report-to": given, "app-id": id }: Flags,
  source: ExportOptions["source"],
  environment: NodeJS.ProcessEnv,
): Promise<AppAt | undefined> {
  if (given === undefined) return undefined;
  const server = serverIn(given);
  if (server === undefined)
    throw misused("--report-to must be a URL; https, unless it is this machine: it is sent the master key");
  const appId = environment.REPORT_APP_ID || id || environment.APP_ID;
  if (!appId) throw misused("No app is named for --report-to: set APP_ID in the environment");
  if (source.kind === "api" && !environment.REPORT_MASTER_KEY) {
    return { server, appId, masterKey: source.masterKey };
  }
  const variable = environment.REPORT_MASTER_KEY ? "REPORT_MASTER_KEY" : "MASTER_KEY";
  return { server, appId, masterKey: await masterKeyFrom(undefined, variable, environment) };
}

function serverOf(given: string | undefined): string {
  if (given === undefined) throw misused("--server is missing");
  const server = serverIn(given);
  if (server !== undefined) return server;
  if (/^http:\/\/[^/]/.test(given) && URL.canParse(given))
    throw misused("--server must begin with https: it is sent the master key");
  throw misused("--server must be a URL");
}

function manyOrAll(names: string[]): string[] | "all" | undefined {
  if (names.length === 0) return undefined;
  return names.includes("all") ? "all" : names;
}

function numberOf(text: string, name: string): number {
  const number = Number(text);
  if (text.trim() === "" || !(number >= 0) || number > 100_000) throw misused(`--${name} must be a number`);
  return number;
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: flags }).values;
  } catch (error) {
    throw misused(error instanceof Error ? error.message : String(error));
  }
}

function misused(why: string): Refusal {
  return new Refusal(`${why}\n\n${usage}`, 2);
}
