import { type FileStorage, type ObjectParts, PART_BYTES } from "./storage.ts";
import { type BufferHolder, type UploadBuffers, uploadBuffers } from "./upload-buffers.ts";

/** Writes an object whose length is not known before. It holds one part in memory. */
export class ObjectWriter implements BufferHolder {
  readonly #storage: FileStorage;
  readonly #name: string;
  readonly #buffers: UploadBuffers;
  readonly #abort = new AbortController();
  #chunks: Uint8Array[] = [];
  #held = 0;
  #size = 0;
  #parts: ObjectParts | undefined;

  constructor(storage: FileStorage, name: string, buffers = uploadBuffers) {
    this.#storage = storage;
    this.#name = name;
    this.#buffers = buffers;
  }

  /** Aborts when others need the memory more. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  giveUp(): void {
    this.#abort.abort(new Error("the memory for uploads was used up"));
  }

  async write(chunk: Uint8Array): Promise<void> {
    // A copy: the chunk may be a view of a buffer that is larger.
    this.#chunks.push(chunk.slice());
    this.#held += chunk.length;
    this.#size += chunk.length;
    this.#buffers.hold(this, this.#held);
    while (this.#held >= PART_BYTES) {
      const part = this.#taken(PART_BYTES);
      this.#parts ??= await this.#storage.begin(this.#name);
      await this.#parts.add(part);
      this.#buffers.hold(this, this.#held);
    }
  }

  /** Stores the object. Nothing may be called afterwards. */
  async finish(): Promise<void> {
    try {
      const rest = this.#taken(this.#held);
      if (this.#parts === undefined) return await this.#storage.putBytes(this.#name, rest);
      if (rest.length > 0) await this.#parts.add(rest);
      await this.#parts.complete();
    } finally {
      this.#buffers.release(this);
    }
  }

  /** Leaves nothing. */
  async cancel(): Promise<void> {
    this.#chunks = [];
    this.#buffers.release(this);
    await this.#parts?.abort();
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
