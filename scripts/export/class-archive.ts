import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { EXIT, pauseAfter, Refused, reasonOf } from "../moving/failures.ts";
import { Refusal } from "../options.ts";
import { readArchive } from "./archive.ts";
import type { Job } from "./job.ts";
import { PAGE } from "./source.ts";

const PATH = "/1.1/exportData";
const POLL = 15_000; // ms
/** Polls before the export counts as stuck: two hours. */
const POLLS_MAX = 480;
const DOWNLOADS_MAX = 6;

const Task = v.object({ id: v.string(), status: v.string(), download_url: v.optional(v.string()) });

/**
 * A class by LeanCloud's own export (`exportData`): where scans and queries are refused, it may still be allowed. The
 * owner gets an e-mail about it.
 */
export async function exportByArchive(
  job: Job,
  className: string,
  { begin, take }: { begin(): Promise<void>; take(texts: string[]): Promise<void> },
): Promise<void> {
  const { source, folder, since } = job;
  const asked = {
    classes: className,
    ...(since !== undefined && { from_date: since.rowsFrom.slice(0, 10) }),
  };
  const begun = v.safeParse(Task, (await source.post(PATH, asked)).value);
  if (!begun.success) throw new Refused(PATH, 200, { code: undefined, error: "no export was begun" });
  const path = folder.workPath(`${className}.tar.gz`);
  await download(job, await finished(job, begun.output.id), path);
  await begin();
  await readArchive(path, async (file) => {
    if (file.className !== className) return;
    let texts: string[] = [];
    for await (const text of file.rows) {
      if (texts.push(text) < PAGE) continue;
      await take(texts);
      texts = [];
    }
    await take(texts);
  });
  await rm(path);
}

/** The address of a finished export. */
async function finished({ source }: Job, id: string): Promise<string> {
  for (let poll = 0; poll < POLLS_MAX; poll++) {
    const task = v.safeParse(Task, (await source.get(`${PATH}/${encodeURIComponent(id)}`)).value);
    if (task.success && task.output.download_url !== undefined) return task.output.download_url;
    await source.pause("LeanCloud prepares its export", POLL);
  }
  throw new Refused(PATH, 200, { code: undefined, error: "the export does not end" });
}

/** The address is a secret by itself: whoever has it can read the data. */
async function download({ source }: Job, url: string, path: string): Promise<void> {
  for (let failures = 1; ; failures++) {
    try {
      const response = await fetch(url);
      if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
      return await pipeline(response.body, createWriteStream(path));
    } catch (error) {
      const why = reasonOf(error);
      if (failures >= DOWNLOADS_MAX) {
        throw new Refusal(
          `LeanCloud's export cannot be downloaded (${why}). The same command goes on.`,
          EXIT.gaveUp,
        );
      }
      await source.pause(why, pauseAfter(failures, null, Math.random()));
    }
  }
}
