import { constants } from "node:fs";
import { copyFile, mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { setPriority } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { whyNot } from "../data-folder.ts";
import { lockDataFolder } from "../data-folder-lock.ts";
import { Refusal } from "../options.ts";
import { checkWhole, type Manifest, sealBackup, verifiedBackup } from "./manifest.ts";
import { RunningRuntime } from "./running.ts";
import { Snapshot } from "./snapshot.ts";

export const backupUsage = `Usage: npm run backup -- --to <folder> [--data <folder>]

  --to <folder>    where the backup goes; a new folder, or an empty one
  --data <folder>  the server's data (default .data)
  --help           show this

Copies everything as of one moment, while the server runs or not, checks each file, and writes manifest.json.
The server stands still for some milliseconds. As the server's user, on Linux; elsewhere, stop the server first.`;

export const restoreUsage = `Usage: npm run restore -- --from <folder> [--data <folder> | --check]

  --from <folder>  a backup that npm run backup made
  --data <folder>  where the data go; a new folder, or an empty one (default .data)
  --check          only look whether the backup is whole
  --help           show this`;

/** The lowest scheduling priority. */
const NICE = 19;

/** Returns the text to print. Throws a `Refusal`: 2 for a bad command line, 1 for everything else. */
export async function runBackup(args: string[]): Promise<string> {
  const { to, data, help } = parse(args, { to: { type: "string" }, data: DATA, help: HELP }, backupUsage);
  if (help) return backupUsage;
  if (!to) throw new Refusal(`--to is missing\n\n${backupUsage}`, 2);
  setPriority(NICE);
  const from = await realpath(here(data)).catch((error) => {
    throw new Refusal(`The data folder ${here(data)} ${whyNot(error)}.`, 1);
  });
  const target = here(to);
  if (`${target}${sep}`.startsWith(`${from}${sep}`))
    throw new Refusal("A backup goes outside of the data.", 2);
  await makeEmpty(target);
  const find = (await isServed(from)) ? () => runtimeOn(from) : () => undefined;
  const draft = join(target, ".unfinished");
  await mkdir(draft);
  const { at, stoodStill } = await new Snapshot(from, draft).take(find);
  const manifest = await sealBackup(draft, at);
  for (const name of await readdir(draft)) await rename(join(draft, name), join(target, name));
  await rm(draft, { recursive: true });
  const still = stoodStill === 0 ? "" : ` The server stood still for ${Math.ceil(stoodStill)} ms.`;
  return `Backed up to ${target}: ${summaryOf(manifest)}, as of ${manifest.takenAt}.${still}`;
}

/** The same for restoring or checking a backup. */
export async function runRestore(args: string[]): Promise<string> {
  const options = { from: { type: "string" }, data: DATA, check: HELP, help: HELP } as const;
  const { from, data, check, help } = parse(args, options, restoreUsage);
  if (help) return restoreUsage;
  if (!from) throw new Refusal(`--from is missing\n\n${restoreUsage}`, 2);
  const source = here(from);
  const manifest = await verifiedBackup(source);
  if (check) return `The backup ${source} is whole: ${summaryOf(manifest)}, as of ${manifest.takenAt}.`;
  const target = here(data);
  await makeEmpty(target);
  await lockDataFolder(target);
  const draft = join(target, ".unfinished");
  for (const { path } of manifest.files) {
    const file = join(draft, path);
    await mkdir(dirname(file), { recursive: true });
    await copyFile(join(source, path), file, constants.COPYFILE_FICLONE);
    if (path.endsWith(".sqlite")) checkWhole(file);
  }
  for (const name of await readdir(draft)) await rename(join(draft, name), join(target, name));
  await rm(draft, { recursive: true });
  return `Restored to ${target}: ${summaryOf(manifest)}, as of ${manifest.takenAt}. Start the server on it: npm start -- --data ${target}`;
}

const DATA = { type: "string", default: ".data" } as const;
const HELP = { type: "boolean", default: false } as const;

type Options = NonNullable<Parameters<typeof parseArgs>[0]>["options"];

function parse<const T extends Options>(args: string[], options: T, usage: string) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : error}\n\n${usage}`, 2);
  }
}

/** npm runs scripts in the package's folder, wherever it was called. */
function here(path: string): string {
  return resolve(process.env.INIT_CWD ?? "", path);
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Refusal(`The folder ${folder} ${whyNot(error)}.`, 1);
  }
  if ((await readdir(folder)).length > 0) {
    throw new Refusal(`${folder} is not empty: nothing is written over. Name a new folder.`, 1);
  }
}

/** If no server uses the folder, none can start on it until this process ends. */
async function isServed(folder: string): Promise<boolean> {
  try {
    await lockDataFolder(folder);
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}

function runtimeOn(folder: string): RunningRuntime {
  const runtime = RunningRuntime.on(folder);
  if (runtime === undefined) {
    throw new Refusal(
      `A server is running on ${folder}, and this user may not look at it, or it is just starting. ` +
        "Run this as the server's user, when the server is ready.",
      1,
    );
  }
  return runtime;
}

function summaryOf({ counts, files }: Manifest): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const of = (kind: string) => counts[`do/parley-${kind}Object`] ?? 0;
  return `${of("Conversation")} conversations, ${of("Client")} clients, ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`;
}
