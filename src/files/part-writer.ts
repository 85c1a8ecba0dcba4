import type { ObjectWriter } from "./file-storage.ts";
import { type BufferHolder, type UploadBuffers, uploadBuffers } from "./upload-buffers.ts";

/** Bytes of a part. R2 takes none below 5 MiB but the last, and all others have to be of one length. */
export const PART_BYTES = 5 * 1024 * 1024;

/** Writes an object of a bucket whose length is not known before. It holds one part in memory. */
export class PartWriter implements ObjectWriter, BufferHolder {
  readonly #bucket: R2Bucket;
  readonly #name: string;
  readonly #buffers: UploadBuffers;
  readonly #abort = new AbortController();
  #chunks: Uint8Array[] = [];
  #held = 0;
  #upload: R2MultipartUpload | undefined;
  readonly #parts: R2UploadedPart[] = [];

  constructor(bucket: R2Bucket, name: string, buffers = uploadBuffers) {
    this.#bucket = bucket;
    this.#name = name;
    this.#buffers = buffers;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  giveUp(): void {
    this.#abort.abort(new Error("the memory for uploads was used up"));
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#chunks.push(chunk.slice());
    this.#held += chunk.length;
    this.#buffers.hold(this, this.#held);
    while (this.#held >= PART_BYTES) {
      this.#upload ??= await this.#bucket.createMultipartUpload(this.#name);
      await this.#add(this.#upload, this.#taken(PART_BYTES));
      this.#buffers.hold(this, this.#held);
    }
  }

  async finish(): Promise<void> {
    try {
      const rest = this.#taken(this.#held);
      if (this.#upload === undefined) return void (await this.#bucket.put(this.#name, rest));
      if (rest.length > 0) await this.#add(this.#upload, rest);
      await this.#upload.complete(this.#parts);
    } finally {
      this.#buffers.release(this);
    }
  }

  async cancel(): Promise<void> {
    this.#chunks = [];
    this.#buffers.release(this);
    await this.#upload?.abort();
  }

  async #add(upload: R2MultipartUpload, bytes: Uint8Array): Promise<void> {
    this.#parts.push(await upload.uploadPart(this.#parts.length + 1, bytes));
  }

  /** The first so many of the held bytes. */
  #taken(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) throw new Error("more bytes than there are");
      const piece = chunk.subarray(0, length - at);
      bytes.set(piece, at);
      at += piece.length;
      if (piece.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(piece.length);
    }
    this.#held -= length;
    return bytes;
  }
}
