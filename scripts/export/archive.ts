import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { JsonRows } from "../moving/json-rows.ts";
import { linesOf } from "../moving/lines.ts";
import { Refusal } from "../options.ts";

/** A file of rows of one class, as LeanCloud's console exports it. */
export interface ClassFile {
  className: string;
  /** Texts of rows. */
  rows: AsyncIterable<string>;
}

/** What an archive has besides rows. */
export interface Leftover {
  name: string;
  why: string;
}

/**
 * Reads LeanCloud's exports: a `.tar.gz`, a folder, or single files, of lines of JSON or of old documents. Never holds
 * one as a whole. Throws a `Refusal` (1) for a damaged archive.
 *
 * @param take is called for one file at a time
 * @returns the files that it passed over
 */
export async function readArchive(
  path: string,
  take: (file: ClassFile) => Promise<void>,
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  const onFile = async (name: string, chunks: AsyncIterable<Uint8Array>) => {
    const kind = kindOf(name);
    if ("why" in kind) leftovers.push({ name, why: kind.why });
    else await take({ className: kind.className, rows: rowsIn(chunks, leftovers, name) });
    // What nobody read would stop the archive.
    for await (const _ of chunks);
  };
  try {
    await eachFile(path, onFile);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`, 1);
  }
  return leftovers;
}

type OnFile = (name: string, chunks: AsyncIterable<Uint8Array>) => Promise<void>;

async function eachFile(path: string, onFile: OnFile): Promise<void> {
  if ((await stat(path)).isDirectory()) {
    for (const name of (await readdir(path)).toSorted(byNumber)) await eachFile(join(path, name), onFile);
  } else if (/\.(tar|tar\.gz|tgz)$/i.test(path)) {
    await eachEntry(path, onFile);
  } else {
    const stream = createReadStream(path);
    const isZipped = /\.jsonl?\.gz$/i.test(path);
    await onFile(basename(path), isZipped ? stream.pipe(createGunzip()) : stream);
  }
}

/** One file of an archive after the other: the next one waits until somebody has read this one. */
async function eachEntry(path: string, onFile: OnFile): Promise<void> {
  let before = Promise.resolve();
  let failure: unknown;
  const parser = new Parser({
    strict: true,
    // Rows repeat each other, so they pack well.
    maxDecompressionRatio: Number.POSITIVE_INFINITY,
    onReadEntry: (entry: ReadEntry) => {
      if (entry.type !== "File" && entry.type !== "OldFile") return entry.resume();
      before = before
        .then(() => onFile(basename(entry.path), entry))
        .catch((error: unknown) => {
          failure ??= error;
          entry.resume();
        });
    },
  });
  await new Promise((resolve, reject) => {
    parser.on("end", resolve).on("error", reject);
    createReadStream(path).on("error", reject).pipe(parser);
  });
  await before;
  if (failure !== undefined) throw failure;
}

/** `_User.0.jsonl`; earlier `_User.json` and `_User_all.json`. */
const ROWS = /^([A-Za-z_][A-Za-z0-9_]*?)(_all)?(\.\d+)?\.jsonl?(\.gz)?$/;

function kindOf(name: string): { className: string } | { why: string } {
  if (/\.bson(\.gz)?$/i.test(name)) {
    return {
      why: "it is a backup for mongorestore; the console's data export, or the API, has rows to read",
    };
  }
  const className = ROWS.exec(name)?.[1];
  if (className === undefined) return { why: "it is no file of rows" };
  return className.endsWith("_schema") ? { why: "it has no rows" } : { className };
}

async function* rowsIn(
  chunks: AsyncIterable<Uint8Array>,
  leftovers: Leftover[],
  name: string,
): AsyncGenerator<string> {
  const iterator = chunks[Symbol.asyncIterator]();
  const head: Buffer[] = [];
  // A document is told from lines by its first words.
  for (let size = 0; size < 64; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    head.push(Buffer.from(value));
    size += value.byteLength;
  }
  const all = withoutMark(head, iterator);
  const start = Buffer.concat(head).subarray(0, 256).toString();
  if (/^\uFEFF?\s*(\[|\{\s*"results"\s*:)/.test(start)) {
    const document = new JsonRows();
    for await (const chunk of all) yield* document.push(chunk);
    if (!document.isWhole) leftovers.push({ name, why: "it ends in the middle" });
    return;
  }
  let last = "";
  for await (const line of linesOf(all)) {
    const text = line.toString().trim();
    if (text === "" || text.startsWith("#")) continue;
    last = text;
    yield text;
  }
  if (last !== "" && !last.endsWith("}")) leftovers.push({ name, why: "it ends in the middle" });
}

/** Without the mark of byte order that some editors write at the beginning. */
async function* withoutMark(head: Buffer[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  const start = Buffer.concat(head);
  yield start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? start.subarray(3) : start;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield Buffer.from(next.value);
}

/** `_User.2.jsonl` before `_User.10.jsonl`. */
function byNumber(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}
