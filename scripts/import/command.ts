import * as v from "valibot";
import { Api } from "../moving/api.ts";
import { isLoopback } from "../moving/credentials.ts";
import { FinishedExport } from "../moving/finished-export.ts";
import { type Pace, paceOf } from "../moving/pace.ts";
import type { Invocation } from "../moving/process.ts";
import { Progress, plain, processTerminal } from "../moving/progress.ts";
import { Report } from "../moving/report.ts";
import type { StageCounts } from "../moving/report-body.ts";
import { Refusal } from "../options.ts";
import { importContents } from "./contents.ts";
import type { Job } from "./job.ts";
import { ImportJournal, type StageProgress } from "./journal.ts";
import { MessageFiles } from "./message-files.ts";
import { importMessages } from "./messages.ts";
import { type ImportOptions, readOptions, usage } from "./options.ts";
import { importKind, kinds } from "./rows.ts";

/** Some rows were refused. */
const INCOMPLETE = 5;

/** Runs the command. Returns the exit code; throws a `Refusal` with another one. */
export async function runImport(invocation: Invocation): Promise<number> {
  const options = await readOptions(invocation.args, invocation.environment);
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  const pace = paceOf(invocation.environment);
  const report = new Report(options.to, { command: "import", source: options.from }, pace);
  invocation.report = report;
  const progress = new Progress(processTerminal(options.json), options.json, report);
  try {
    return await report.during(() => importWith(options, { progress, report, pace }));
  } catch (error) {
    if (options.json && error instanceof Refusal)
      progress.finish("stopped", { exitCode: error.exitCode, why: error.message }, error.message);
    throw error;
  }
}

async function importWith(
  options: ImportOptions,
  { progress, report, pace }: { progress: Progress; report: Report; pace: Pace },
): Promise<number> {
  const source = await FinishedExport.open(options.from);
  const api = new Api(options.to, { pace, onPause: (why, pause) => progress.pause(why, pause) });
  const settings = v.parse(Settings, await api.get("/admin/settings"));
  const files = options.keepsUrls ? undefined : messageFiles(options, { source, api }, settings);
  const journal = await ImportJournal.open(source, options.to, options.without);
  report.tellsOf(() => ({ stages: journal.stages().map(countsOf) }));
  const job: Job = { source, api, journal, progress };
  try {
    await importStages(job, options, files);
  } catch (error) {
    await journal.close();
    throw error;
  }
  const stages = journal.stages();
  await journal.finish();
  const refused = stages.reduce((sum, stage) => sum + stage.refused, 0);
  const told = { refused, refusedRows: refused === 0 ? null : journal.refusedPath, stages };
  progress.finish("done", told, summaryOf(stages, journal.refusedPath));
  return refused === 0 ? 0 : INCOMPLETE;
}

async function importStages(
  job: Job,
  { without }: ImportOptions,
  files: MessageFiles | undefined,
): Promise<void> {
  const isWanted = (stage: Parameters<typeof without.has>[0]) => !without.has(stage);
  if (isWanted("users")) await importKind(job, kinds.users);
  if (isWanted("files")) {
    await importKind(job, kinds.files);
    await importContents(job);
  }
  const hasMessages = isWanted("messages") && job.source.count("messages") > 0;
  if (isWanted("conversations") && !hasMessages) await importKind(job, kinds.conversations);
  // After the files: a message gets the new address of one that is here.
  if (hasMessages) await importMessages(job, files, isWanted("conversations"));
  // Before the unread counts: of broadcasts, those since one subscribed count.
  if (isWanted("services"))
    for (const kind of [kinds.written, kinds.broadcasts, kinds.subscribers]) await importKind(job, kind);
  if (isWanted("unread")) await importKind(job, kinds.unread);
  // A role is a member's, so these come after the conversations.
  if (isWanted("permissions"))
    for (const kind of [kinds.roles, kinds.silences, kinds.blacklists]) await importKind(job, kind);
  if (isWanted("installations")) await importKind(job, kinds.installations);
}

const Settings = v.object({ files: v.object({ url: v.nullable(v.string()) }) });

/** Throws a `Refusal` (1) if nobody knows an address for files that phones can reach. */
function messageFiles(
  { filesUrl: given, to }: ImportOptions,
  { source, api }: Pick<Job, "source" | "api">,
  { files }: v.InferOutput<typeof Settings>,
): MessageFiles {
  const filesUrl = given ?? files.url?.replace(/\/+$/, "");
  if (filesUrl === undefined && isLoopback(to.server) && source.count("files") > 0) {
    const why = "Messages show files, and the server is this machine, which no phone can reach";
    throw new Refusal(`${why}: name --files-url https://<your domain>/files, or --keep-urls.`, 1);
  }
  return new MessageFiles({ api, filesUrl: filesUrl ?? `${to.server}/files` });
}

function countsOf({ stage, added, changed, kept, refused }: StageProgress): StageCounts {
  return { stage, added, changed, kept, refused };
}

function summaryOf(stages: StageProgress[], refusedPath: string): string {
  const lines = stages.map(({ stage, added, changed, kept, refused }) => {
    const counts = Object.entries({ added, changed, kept, refused }).filter(([, count]) => count > 0);
    const told = counts.map(([name, count]) => `${plain(count)} ${name}`).join(", ");
    return `  ${stage}: ${told || "nothing"}`;
  });
  const hasRefused = stages.some(({ refused }) => refused > 0);
  return [
    "The import is done.",
    ...lines,
    ...(hasRefused ? [`What was refused, and why: ${refusedPath}`] : []),
  ].join("\n");
}
