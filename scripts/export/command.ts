import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import * as v from "valibot";
import { EXIT } from "../moving/failures.ts";
import { FORMAT, MANIFEST, Manifest } from "../moving/format.ts";
import { type Pace, paceOf } from "../moving/pace.ts";
import type { Invocation } from "../moving/process.ts";
import { Progress, plain, processTerminal } from "../moving/progress.ts";
import { Report } from "../moving/report.ts";
import type { Findings } from "../moving/report-body.ts";
import { Refusal } from "../options.ts";
import { CLASSES, ClassExport, NO_SUCH_CLASS_TOLD } from "./classes.ts";
import { exportFiles } from "./files.ts";
import { ExportFolder } from "./folder.ts";
import { readArchives } from "./from-archives.ts";
import type { Job, Since } from "./job.ts";
import { exportList, LISTS } from "./lists.ts";
import { exportConversations, exportMessages, messagesUntil } from "./messages.ts";
import { type ExportOptions, readOptions, usage } from "./options.ts";
import { exportSchemas } from "./schemas.ts";
import { Source } from "./source.ts";
import { exportUnread } from "./unread.ts";

const DAY = 86_400_000; // ms

/** Runs the command. Returns the exit code; throws a `Refusal` with another one. */
export async function runExport(invocation: Invocation): Promise<number> {
  const options = await readOptions(invocation.args, invocation.environment);
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  const pace = paceOf(invocation.environment);
  const { reportTo, source } = options;
  const read = source.kind === "api" ? source.server : source.files.join(", ");
  const report = reportTo && new Report(reportTo, { command: "export", source: read }, pace);
  invocation.report = report;
  const progress = new Progress(processTerminal(options.json), options.json, report);
  const work = () => exportWith(options, { progress, report, pace });
  try {
    await (report === undefined ? work() : report.during(work));
    return 0;
  } catch (error) {
    if (options.json && error instanceof Refusal) {
      progress.finish("stopped", { exitCode: error.exitCode, why: error.message }, error.message);
    }
    throw error;
  }
}

async function exportWith(
  options: ExportOptions,
  { progress, report, pace }: { progress: Progress; report: Report | undefined; pace: Pace },
): Promise<void> {
  const since = options.since === undefined ? undefined : await readSince(options.since, options.overlapDays);
  const folder = await ExportFolder.open(options.to, identityOf(options, since), options.partBytes);
  if (folder === "whole") {
    progress.finish("done", { folder: options.to }, wholeAlready(options));
    return;
  }
  report?.tellsOf(() => findingsIn(folder));
  const source = sourceFor(options, progress, pace);
  const job: Job = { source, folder, progress, since };
  try {
    if (options.source.kind === "archive") await readArchives(job, options.source.files);
    else await exportRows(job, options);
    const server = options.source.kind === "api" ? [new URL(options.source.server).host] : [];
    if (!options.without.has("files")) await exportFiles(job, [...options.fileHosts, ...server]);
  } catch (error) {
    await folder.close();
    throw error;
  }
  const manifest = await folder.seal({
    format: FORMAT,
    source: describedSource(options),
    since: since === undefined ? null : described(since, options.to),
    messagesUntil: untilOf(job, options),
  });
  progress.finish("done", { folder: options.to, manifest }, summaryOf(manifest, options.to));
}

/** Rows by kind, and what the export does not have. */
function findingsIn(folder: ExportFolder): Findings {
  const missing = folder.skipped().map((each) => ({ ...each, isExpected: false, ids: [] }));
  const stages = folder.kinds().map((kind) => {
    return { stage: kind, added: folder.count(kind), changed: 0, kept: 0, refused: 0 };
  });
  return { stages, differences: missing };
}

/** An export that is whole is not written to again. */
function wholeAlready({ to, unread }: ExportOptions): string {
  const news = `${to} is whole. For what is new: --to <a new folder> --since ${to}`;
  return unread === "no" ? news : `${news}; for unread counts, with --unread --yes`;
}

/** The most precious first: messages fall off LeanCloud's end every day. */
async function exportRows(job: Job, options: ExportOptions): Promise<void> {
  const isWanted = (name: string) => !options.without.has(name);
  await job.source.checkKey();
  const declared = await exportSchemas(job);
  const others = options.classes === "all" ? declared : options.classes;
  const rest = new Set([...CLASSES.filter(isWanted), ...others]);
  const read = (name: string) =>
    new ClassExport(job, name, options.byArchive.has(name) ? "archive" : undefined).run();
  if (rest.delete("_Conversation")) await read("_Conversation");
  if (isWanted("messages")) {
    if (options.conversations === undefined) await exportMessages(job);
    else await exportConversations(job, options.conversations);
  }
  for (const name of rest) await read(name);
  if (isWanted("_Conversation")) await checkConversations(job);
  for (const name of LISTS.filter(isWanted)) await exportList(job, name);
  if (options.unread !== "no") await exportUnread(job, options.unread === "yes");
}

/**
 * Throws a `Refusal` where the conversations are missing: the server refused them, or gave messages and not one
 * conversation. The next run asks for them again. An app without messages need not have the class.
 */
async function checkConversations({ folder }: Job): Promise<void> {
  const kind = "classes/_Conversation";
  if (folder.count(kind) > 0) return;
  const messages = folder.count("messages");
  const [refusal] = folder.stage(kind)?.skipped.values() ?? [];
  if (messages === 0 && (refusal === undefined || refusal.why === NO_SUCH_CLASS_TOLD)) return;
  await folder.restart(kind, [kind, "odd/_Conversation"]);
  const why =
    refusal === undefined
      ? `the server gave ${plain(messages)} messages, and none of their conversations`
      : `the server did not give the conversations (${refusal.why})`;
  throw new Refusal(
    `The export is not whole: ${why}. The same command asks for them again; ` +
      "--without _Conversation leaves them out.",
    EXIT.gaveUp,
  );
}

function sourceFor({ source, waits }: ExportOptions, progress: Progress, pace: Pace): Source {
  const { server, appId, masterKey } = source.kind === "api" ? source : NO_SERVER;
  return new Source({
    server,
    appId,
    masterKey,
    pace,
    waits,
    onPause: (why, pause) => progress.pause(why, pause),
  });
}

/** An archive has no server: only files are fetched then. */
const NO_SERVER = { server: "", appId: "", masterKey: "" };

async function readSince(folder: string, overlapDays: number): Promise<Since> {
  const text = await readFile(join(folder, MANIFEST), "utf8").catch(() => {
    throw new Refusal(`${folder} is no finished export: it has no ${MANIFEST}.`, 1);
  });
  const earlier = v.safeParse(Manifest, JSON.parse(text));
  if (!earlier.success) throw new Refusal(`${join(folder, MANIFEST)} is not one of ours.`, 1);
  const { startedAt, messagesUntil: until } = earlier.output;
  const overlap = overlapDays * DAY;
  return {
    folder,
    startedAt,
    messagesUntil: until,
    messagesFrom: Math.max(0, Math.floor((until ?? 0) - overlap)),
    rowsFrom: new Date(Date.parse(startedAt) - overlap).toISOString(),
  };
}

function identityOf({ source, conversations }: ExportOptions, since: Since | undefined): string {
  if (source.kind === "archive") return `archives ${source.files.join(", ")}`;
  const changes = since === undefined ? "" : ` since ${since.startedAt}, messages from ${since.messagesFrom}`;
  const some = conversations === undefined ? "" : `, conversations ${JSON.stringify(conversations)}`;
  return `app ${source.appId} at ${source.server}${changes}${some}`;
}

function describedSource({ source }: ExportOptions): Manifest["source"] {
  if (source.kind === "archive") return source;
  return { kind: "api", server: source.server, appId: source.appId };
}

function described({ folder, startedAt, messagesFrom, rowsFrom }: Since, to: string): Manifest["since"] {
  return { folder: relative(to, folder), startedAt, messagesFrom, rowsFrom };
}

/** Null if some conversations' messages were not asked for, or never. */
function untilOf(job: Job, { conversations }: ExportOptions): number | null {
  if (Array.isArray(conversations)) return null;
  return messagesUntil(job) ?? job.since?.messagesUntil ?? null;
}

function summaryOf({ totals, skipped }: Manifest, folder: string): string {
  const rows = Object.entries(totals).map(([kind, count]) => `  ${kind}: ${plain(count)}`);
  const left = skipped.map(
    ({ what, why, count }) => `  ${what}${count > 1 ? ` (${plain(count)})` : ""}: ${why}`,
  );
  return [
    `The export is whole: ${folder}`,
    ...rows,
    ...(left.length === 0 ? [] : ["It does not have:", ...left]),
  ].join("\n");
}
