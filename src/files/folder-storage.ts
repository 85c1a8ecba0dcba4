import type { FileStorage, ObjectBody, ObjectWriter, Span } from "./file-storage.ts";
import { streamWriter } from "./stream-writer.ts";

/**
 * Files in a folder of one's own machine, a file each, by workerd's disk service. It writes a file under another name and
 * renames it at the end; one that a kill left is removed at the next start (`scripts/files-folder.ts`).
 *
 * Not by Miniflare's R2: a PUT of 200 MB takes a tenth of the time and no memory here, and what an upload leaves that
 * breaks off has a name by which it can be deleted (Miniflare 5, November 2026).
 */
export class FolderStorage implements FileStorage {
  readonly #folder: Fetcher;

  constructor(folder: Fetcher) {
    this.#folder = folder;
  }

  async put(
    name: string,
    body: ReadableStream<Uint8Array>,
    { length, signal }: { length: number; signal: AbortSignal },
  ): Promise<void> {
    const { readable, writable } = new FixedLengthStream(length);
    const [piped, stored] = await Promise.allSettled([
      body.pipeTo(writable, { signal }),
      this.#write(name, readable),
    ]);
    if (piped.status === "rejected") throw piped.reason;
    if (stored.status === "rejected") throw stored.reason;
  }

  open(name: string, length?: number): ObjectWriter {
    return streamWriter(length, (body) => this.#write(name, body));
  }

  async get(name: string, span?: Span): Promise<ObjectBody | undefined> {
    const range = span && { Range: `bytes=${span.offset}-${span.offset + span.length - 1}` };
    const response = await this.#folder.fetch(urlOf(name), { headers: range ?? {} });
    // A span that is the whole file is answered as one that was not asked for.
    const isWhole = response.status === 200 && (span === undefined || span.offset === 0);
    const isSpan = response.status === 206 && span !== undefined;
    if ((isWhole || isSpan) && response.body !== null) return { body: response.body };
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw new Error(`a file was not read: ${response.status}`);
  }

  async delete(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const { status } = await this.#folder.fetch(urlOf(name), { method: "DELETE" });
      if (status !== 204 && status !== 404) throw new Error(`a file was not deleted: ${status}`);
    }
  }

  async #write(name: string, body: ReadableStream): Promise<void> {
    const { status } = await this.#folder.fetch(urlOf(name), { method: "PUT", body });
    if (status !== 204) throw new Error(`a file was not written: ${status}`);
  }
}

const urlOf = (name: string) => `http://folder/${name}`;
