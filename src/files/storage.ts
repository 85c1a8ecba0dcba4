import type { Deployment } from "../model/deployment.ts";

/** Bytes of a part of a large object whose length is not known before. R2 takes none below 5 MiB. */
export const PART_BYTES = 5 * 1024 * 1024;

/** An object in the bucket. */
export interface StoredObject {
  /** Bytes. */
  size: number;
  etag: string;
}

/** A span of an object, in bytes. */
export interface Span {
  offset: number;
  length: number;
}

/**
 * The bytes of files: the one place that knows R2. Objects have names that nobody outside sees; each is written once and
 * never changed. Calls throw if R2 fails.
 */
export class FileStorage {
  readonly #bucket: R2Bucket;

  constructor(bucket: R2Bucket) {
    this.#bucket = bucket;
  }

  /** Stores a stream of this many bytes, or nothing if the stream fails or has another length. */
  async put(name: string, body: ReadableStream<Uint8Array>, length: number): Promise<void> {
    const { readable, writable } = new FixedLengthStream(length);
    // If the stream fails, so does the other end, with the same error.
    const [stored] = await Promise.allSettled([this.#bucket.put(name, readable), body.pipeTo(writable)]);
    if (stored.status === "rejected") throw stored.reason;
  }

  /** Stores bytes. */
  async putBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.#bucket.put(name, bytes);
  }

  /** The bytes of an object, or a span of them that is inside it; undefined if there is no such object. */
  async get(name: string, span?: Span): Promise<(StoredObject & { body: ReadableStream }) | undefined> {
    const found = await this.#bucket.get(name, span && { range: span });
    return found === null ? undefined : { size: found.size, etag: found.etag, body: found.body };
  }

  async head(name: string): Promise<StoredObject | undefined> {
    const found = await this.#bucket.head(name);
    return found === null ? undefined : { size: found.size, etag: found.etag };
  }

  /** Deletes up to 1,000 objects. Names without an object are no matter. */
  async delete(names: string[]): Promise<void> {
    if (names.length > 0) await this.#bucket.delete(names);
  }
}

/** The storage of this deployment; undefined if it has no bucket. */
export function storageOf({ FILES }: Pick<Deployment, "FILES">): FileStorage | undefined {
  return FILES === undefined ? undefined : new FileStorage(FILES);
}
