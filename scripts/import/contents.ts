import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import * as v from "valibot";
import { digestOf } from "../moving/digest.ts";
import { Refused } from "../moving/failures.ts";
import { FileRow } from "../moving/format.ts";
import { storedFiles } from "../moving/stored-files.ts";
import { Refusal } from "../options.ts";
import type { Job } from "./job.ts";
import type { Answered } from "./journal.ts";

const STAGE = "contents";
/** Files whose rows are looked for together. */
const TOGETHER = 40;
/** Uploads under way at once. */
const AT_ONCE = 4;

type Content = Extract<FileRow, { path: string }>;

/** The bytes of files. Those that only messages name get a row of their own. */
export async function importContents(job: Job): Promise<void> {
  const { source, journal, progress } = job;
  const done = journal.stage(STAGE);
  if (done.done) return;
  const all = source.count("files");
  let at = done.rows;
  progress.begin(STAGE, at, all === 0 ? 1 : at / all);
  for await (const rows of groupsOf(job, at)) {
    const answered = await importGroup(job, rows);
    await journal.add([answered]);
    at += rows.length;
    progress.advance(at, at / all);
  }
  await journal.end(STAGE);
  progress.end(at);
}

async function* groupsOf({ source }: Job, skipped: number): AsyncGenerator<FileRow[]> {
  let group: FileRow[] = [];
  let at = 0;
  for await (const { text } of source.rows("files")) {
    if (at++ < skipped) continue;
    group.push(v.parse(FileRow, JSON.parse(text)));
    if (group.length < TOGETHER) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function importGroup(job: Job, rows: FileRow[]): Promise<Answered> {
  const answered: Answered = { kind: STAGE, rows: rows.length, added: 0, changed: 0, kept: 0, refused: [] };
  const refuse = (row: FileRow, why: string) =>
    void answered.refused.push({ kind: "files", why, row: JSON.stringify(row) });
  const contents: Content[] = [];
  for (const row of rows) {
    if ("path" in row) contents.push(row);
    else refuse(row, row.missing);
  }
  const given = contents.flatMap(({ objectId }) => objectId ?? []);
  const known = new Map(
    (await storedFiles(job.api, [...given, ...contents.map(idOf)], [])).map((file) => [file.id, file]),
  );
  const targets = contents.map((content) => {
    const named = content.objectId === undefined ? undefined : known.get(content.objectId);
    return {
      content,
      id: named?.id ?? idOf(content),
      isHere: (named ?? known.get(idOf(content)))?.key !== undefined,
    };
  });
  const lacking = targets.filter(({ id }) => !known.has(id));
  if (lacking.length > 0) {
    const results = lacking.map(({ content, id }) => rowFor(job, content, id));
    await job.api.post("/admin/import/files", JSON.stringify({ results }));
  }
  const queue = targets.toReversed();
  const work = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { content, id, isHere } = next;
      if (isHere) answered.kept += 1;
      else if (await upload(job, content, id)) answered.added += 1;
      else refuse(content, "the server has no row for it");
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answered;
}

/** Whether the server took it. */
async function upload({ api, source }: Job, { path, bytes, sha256 }: Content, id: string): Promise<boolean> {
  const file = source.fileAt(path);
  const blob = await openAsBlob(file).catch(() => undefined);
  if (blob?.size !== bytes || (await digestOf(file)) !== sha256)
    throw new Refusal(`${path} is not what the export says: it was changed, cut or removed.`, 1);
  try {
    await api.put(`/admin/import/files/${id}`, blob);
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return false;
    throw error;
  }
}

/** The id of a file without a row: always the same for an address. */
const idOf = ({ url }: Content) => createHash("sha256").update(url).digest("hex").slice(0, 24);

function rowFor({ source }: Job, { url, bytes }: Content, id: string): object {
  const { startedAt } = source.manifest;
  const name = decodeURIComponent(new URL(url).pathname.split("/").at(-1) || "file");
  return { objectId: id, url, name, metaData: { size: bytes }, createdAt: startedAt, updatedAt: startedAt };
}
