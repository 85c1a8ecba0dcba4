import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { isHosted } from "../moving/file-hosts.ts";
import { FileRow, MANIFEST, Manifest } from "../moving/format.ts";
import { linesOfFile } from "../moving/lines.ts";
import { Downloads } from "./downloads.ts";
import { FileList } from "./file-list.ts";
import { fileOfMessage, fileOfRow, hostOf, type Wanted } from "./file-urls.ts";
import type { Job } from "./job.ts";

const STAGE = "files";
const AT_ONCE = 8;
const ROWS_AT_ONCE = 1000;

const State = v.object({ isListed: v.optional(v.boolean(), false) });

/**
 * The contents of files that lie at LeanCloud: those with a row in `_File`, and those that only messages name.
 *
 * @param ownHosts hosts beside LeanCloud's own that serve the app's files
 */
export async function exportFiles(job: Job, ownHosts: readonly string[]): Promise<void> {
  const { folder, progress } = job;
  const begun = folder.stage(STAGE);
  if (begun?.done) return;
  const list = new FileList(folder.workPath("files.sqlite"));
  try {
    if (!v.parse(State, begun?.state ?? {}).isListed) await makeList(job, list, ownHosts);
    const downloads = new Downloads(job);
    const { all, done } = list.counts();
    let settled = done;
    progress.begin(STAGE, settled, all === 0 ? 1 : settled / all);
    const work = async (queue: Wanted[]) => {
      for (let wanted = queue.pop(); wanted !== undefined; wanted = queue.pop()) {
        list.settle(await downloads.fetch(wanted));
        progress.advance(++settled, settled / all);
      }
    };
    for (let queue = list.wanted(ROWS_AT_ONCE); queue.length > 0; queue = list.wanted(ROWS_AT_ONCE)) {
      queue.reverse();
      await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue)));
    }
    await writeRows(job, list);
    progress.end(settled);
  } finally {
    list.close();
  }
}

async function makeList(job: Job, list: FileList, ownHosts: readonly string[]): Promise<void> {
  const { folder, since } = job;
  const elsewhere = new Map<string, number>();
  let withoutAddress = 0;
  await list.fill(async (add) => {
    const want = (wanted: Wanted | undefined) => {
      if (wanted === undefined) return;
      if (isHosted(wanted.url, ownHosts)) return add(wanted);
      const host = hostOf(wanted.url);
      // Messages name whatever their authors wrote: only so many hosts are told.
      if (elsewhere.has(host) || elsewhere.size < 100) elsewhere.set(host, (elsewhere.get(host) ?? 0) + 1);
    };
    if (since !== undefined) await addEarlier(since.folder, add);
    for await (const text of folder.rows("classes/_File")) {
      const file = fileOfRow(text);
      if (file === "without address") withoutAddress += 1;
      else want(file);
    }
    for await (const text of folder.rows("messages")) want(fileOfMessage(text));
  });
  list.forgetDone();
  const skipped = [...elsewhere].map(([host, count]) => {
    return { what: STAGE, why: `${host} is not LeanCloud's; --file-host ${host} fetches them`, count };
  });
  if (withoutAddress > 0) {
    skipped.push({ what: STAGE, why: "their rows have no url, only a key", count: withoutAddress });
  }
  await folder.commit(STAGE, { state: { isListed: true }, skipped });
}

/**
 * What earlier exports have need not be fetched again; what the last of them could not get is tried again. They are
 * followed as far back as their folders are there.
 */
async function addEarlier(earlier: string, add: (wanted: Wanted, row?: FileRow) => void): Promise<void> {
  const seen = new Set<string>();
  let isLatest = true;
  for (let folder: string | undefined = earlier; folder !== undefined && !seen.has(folder); ) {
    seen.add(folder);
    const text: string | undefined = await readFile(join(folder, MANIFEST), "utf8").catch(() => undefined);
    if (text === undefined) return;
    const { parts, since }: Manifest = v.parse(Manifest, JSON.parse(text));
    const listed = parts.filter(({ kind }) => kind === STAGE);
    for (const { path, bytes } of listed) {
      for await (const line of linesOfFile(join(folder, path), bytes)) {
        const row = v.parse(FileRow, JSON.parse(line));
        if (!("missing" in row)) add({ url: row.url, objectId: row.objectId }, row);
        else if (isLatest) add({ url: row.url, objectId: row.objectId });
      }
    }
    // One that was made without files says nothing about them.
    if (listed.length > 0) isLatest = false;
    folder = since?.folder === undefined ? undefined : join(folder, since.folder);
  }
}

/** Anew if it was interrupted: the list has everything. */
async function writeRows({ folder }: Job, list: FileList): Promise<void> {
  const skipped = [...(folder.stage(STAGE)?.skipped.values() ?? [])];
  await folder.restart(STAGE, [STAGE], { state: { isListed: true }, skipped });
  let missing = 0;
  let rows = list.rows(0, ROWS_AT_ONCE);
  while (rows.length > 0) {
    missing += rows.filter(({ row }) => "missing" in v.parse(FileRow, JSON.parse(row))).length;
    const batches = [{ kind: STAGE, rows: rows.map(({ row }) => ({ text: row })) }];
    await folder.commit(STAGE, { batches, state: { isListed: true } });
    rows = list.rows(rows.at(-1)?.number ?? 0, ROWS_AT_ONCE);
  }
  const why = "their contents could not be fetched: the rows of `files` say why";
  const lost = missing === 0 ? [] : [{ what: STAGE, why, count: missing }];
  await folder.commit(STAGE, { done: true, skipped: lost });
}
