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

  /**
   * Stores a stream of this many bytes. Nothing is stored if the stream fails, has another length, or the signal aborts.
   */
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

  /** Stores bytes. */
  async putBytes(name: string, bytes: Uint8Array): Promise<void> {
    await this.#bucket.put(name, bytes);
  }

  /** Begins an object that comes in parts, and is there only once they are completed. */
  async begin(name: string): Promise<ObjectParts> {
    return new ObjectParts(await this.#bucket.createMultipartUpload(name));
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

/** An object that comes in parts. All but the last are of `PART_BYTES`. */
export class ObjectParts {
  readonly #upload: R2MultipartUpload;
  readonly #parts: R2UploadedPart[] = [];

  constructor(upload: R2MultipartUpload) {
    this.#upload = upload;
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#parts.push(await this.#upload.uploadPart(this.#parts.length + 1, bytes));
  }

  async complete(): Promise<void> {
    await this.#upload.complete(this.#parts);
  }

  async abort(): Promise<void> {
    await this.#upload.abort();
  }
}

/** The storage of this deployment; undefined if it has no bucket. */
export function storageOf({ FILES }: Pick<Deployment, "FILES">): FileStorage | undefined {
  return FILES === undefined ? undefined : new FileStorage(FILES);
}
