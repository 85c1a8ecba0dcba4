import type { FileStorage, ObjectBody, ObjectWriter, Span } from "./file-storage.ts";
import { PartWriter } from "./part-writer.ts";
import { streamWriter } from "./stream-writer.ts";

/** Files in an R2 bucket. */
export class BucketStorage implements FileStorage {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  async put(
    name: string,
    body: ReadableStream<Uint8Array>,
    { length, signal }: { length: number; signal: AbortSignal },
  ): Promise<void> {
    const { readable, writable } = new FixedLengthStream(length);
    // A failure of one side is the other's as well; of two, the stream's tells what happened.
    const [piped, stored] = await Promise.allSettled([
      body.pipeTo(writable, { signal }),
      this.#bucket.put(name, readable),
    ]);
    if (piped.status === "rejected") throw piped.reason;
    if (stored.status === "rejected") throw stored.reason;
  }

  open(name: string, length?: number): ObjectWriter {
    if (length === undefined) return new PartWriter(this.#bucket, name);
    return streamWriter(length, (body) => this.#bucket.put(name, body));
  }

  async get(name: string, span?: Span): Promise<ObjectBody | undefined> {
    return (await this.#bucket.get(name, span && { range: span })) ?? undefined;
  }

  async delete(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#bucket.delete([...names]);
  }
}
