import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Api, type ApiOptions } from "../moving/api.ts";
import { FinishedExport } from "../moving/finished-export.ts";
import { MessageIndex } from "../moving/message-index.ts";
import { paceOf } from "../moving/pace.ts";
import type { Invocation } from "../moving/process.ts";
import { Progress, processTerminal } from "../moving/progress.ts";
import { Report } from "../moving/report.ts";
import { Refusal } from "../options.ts";
import { Comparison } from "./comparison.ts";
import { Differences } from "./differences.ts";
import { FolderSide } from "./folder-side.ts";
import { readOptions, usage, type VerifyOptions } from "./options.ts";
import { ServerSide } from "./server-side.ts";
import type { Side } from "./side.ts";

const DIFFERENT = 5;

/** Runs the command. Returns the exit code; throws a `Refusal` with another one. */
export async function runVerify(invocation: Invocation): Promise<number> {
  const options = await readOptions(invocation.args, invocation.environment);
  if (options === "help") {
    console.log(usage);
    return 0;
  }
  const pace = paceOf(invocation.environment);
  const { source } = options;
  const read = source.kind === "folder" ? source.path : source.app.server;
  const report = new Report(options.to, { command: "verify", source: read }, pace);
  invocation.report = report;
  const progress = new Progress(processTerminal(options.json), options.json, report);
  const differences = new Differences(progress, options.json);
  report.tellsOf(() => ({ differences: differences.summary() }));
  const calling: ApiOptions = { pace, onPause: (why, pause) => progress.pause(why, pause) };
  try {
    return await report.during(() => verifyWith(options, { progress, differences, calling }));
  } catch (error) {
    if (options.json && error instanceof Refusal)
      progress.finish("stopped", { exitCode: error.exitCode, why: error.message }, error.message);
    throw error;
  }
}

async function verifyWith(
  options: VerifyOptions,
  { progress, differences, calling }: { progress: Progress; differences: Differences; calling: ApiOptions },
): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), "parley-verify-"));
  try {
    const { side, span, close } = await sourceOf(options, { work, progress, calling });
    const ours = new ServerSide(new Api(options.to, calling));
    const { sample } = options;
    try {
      await new Comparison({
        theirs: side,
        ours,
        span,
        sample,
        random: Math.random,
        differences,
        progress,
      }).run();
    } finally {
      close();
    }
    const found = differences.summary().map(({ ids: _, ...each }) => each);
    progress.finish("done", { differences: found }, differences.text());
    return differences.unexpected === 0 ? 0 : DIFFERENT;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Source {
  side: Side;
  /** The time whose messages it has (ms). */
  span: { from: number; until: number };
  close(): void;
}

async function sourceOf(
  { source }: VerifyOptions,
  { work, progress, calling }: { work: string; progress: Progress; calling: ApiOptions },
): Promise<Source> {
  if (source.kind === "server") {
    const span = { from: 0, until: Date.now() };
    return { side: new ServerSide(new Api(source.app, calling)), span, close: () => {} };
  }
  const folder = await FinishedExport.open(source.path);
  const all = folder.count("messages");
  progress.begin("messages in order", 0, 0);
  const index = await MessageIndex.of(folder, join(work, "messages.sqlite"), (count) =>
    progress.advance(count, count / all),
  );
  progress.end(all);
  const { since, messagesUntil } = folder.manifest;
  const span = { from: since?.messagesFrom ?? 0, until: messagesUntil ?? Number.POSITIVE_INFINITY };
  return { side: new FolderSide(folder, index), span, close: () => index.close() };
}
