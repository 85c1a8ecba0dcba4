import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { Refusal } from "../options.ts";
import { MANIFEST, Manifest, type Part } from "./format.ts";
import { linesOf } from "./lines.ts";

/** A row, and where it is. */
export interface PlacedRow {
  text: string;
  part: Part;
  /** Bytes of the part before it. */
  offset: number;
  /** Bytes. */
  length: number;
}

/** An export that is whole, as another command reads it. */
export class FinishedExport {
  readonly path: string;
  readonly manifest: Manifest;
  /** The same for the same export alone. */
  readonly identity: string;

  private constructor(path: string, manifest: Manifest, identity: string) {
    this.path = path;
    this.manifest = manifest;
    this.identity = identity;
  }

  /** Throws a `Refusal` (1) for a folder without a whole export of this format. */
  static async open(path: string): Promise<FinishedExport> {
    const text = await readFile(join(path, MANIFEST), "utf8").catch(() => {
      throw new Refusal(`${path} is no finished export: it has no ${MANIFEST}.`, 1);
    });
    const manifest = v.safeParse(Manifest, jsonIn(text));
    if (!manifest.success) throw new Refusal(`${join(path, MANIFEST)} is not one of ours.`, 1);
    return new FinishedExport(path, manifest.output, createHash("sha256").update(text).digest("hex"));
  }

  partsOf(kind: string): Part[] {
    return this.manifest.parts.filter((part) => part.kind === kind);
  }

  count(kind: string): number {
    return this.partsOf(kind).reduce((sum, { rows }) => sum + rows, 0);
  }

  /** The path of a file in the export. */
  fileAt(path: string): string {
    return join(this.path, path);
  }

  /** The rows of a kind in their order. Throws a `Refusal` (1) where a part is not what the manifest says. */
  async *rows(kind: string): AsyncGenerator<PlacedRow> {
    for (const part of this.partsOf(kind)) yield* this.#rowsOf(part);
  }

  async *#rowsOf(part: Part): AsyncGenerator<PlacedRow> {
    const hash = createHash("sha256");
    let bytes = 0;
    let rows = 0;
    const stream = createReadStream(this.fileAt(part.path), { highWaterMark: 1 << 18 });
    async function* hashed(): AsyncGenerator<Uint8Array> {
      for await (const chunk of stream) {
        hash.update(chunk);
        yield chunk;
      }
    }
    try {
      for await (const line of linesOf(hashed())) {
        yield { text: line.toString(), part, offset: bytes, length: line.length };
        bytes += line.length + 1;
        rows += 1;
      }
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") throw damaged(part);
      throw error;
    }
    if (bytes !== part.bytes || rows !== part.rows || hash.digest("hex") !== part.sha256) throw damaged(part);
  }
}

function damaged({ path }: Part): Refusal {
  return new Refusal(`${path} is not what the manifest says: it was changed, cut or removed.`, 1);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
