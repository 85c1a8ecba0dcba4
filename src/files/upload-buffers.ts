import { UPLOADS_BUFFERED } from "../request-bounds.ts";

/** What holds bytes: it is told to end if others need the memory more. */
export interface BufferHolder {
  giveUp(): void;
}

/**
 * What the uploads of an isolate hold in memory. Where it is too much, the upload goes that has not grown for the longest
 * time: a client that sends nothing holds nobody up.
 */
export class UploadBuffers {
  /** Bytes of each; the one that grew last comes last. */
  readonly #held = new Map<BufferHolder, number>();
  readonly #most: number;
  #total = 0;

  constructor(most = UPLOADS_BUFFERED) {
    this.#most = most;
  }

  /** How many bytes are held. */
  get total(): number {
    return this.#total;
  }

  /** From now on it holds this many bytes. */
  hold(holder: BufferHolder, bytes: number): void {
    this.release(holder);
    if (bytes === 0) return;
    this.#held.set(holder, bytes);
    this.#total += bytes;
    for (const other of this.#held.keys()) {
      if (this.#total <= this.#most || other === holder) return;
      this.release(other);
      other.giveUp();
    }
  }

  release(holder: BufferHolder): void {
    this.#total -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
  }
}

/** For every upload of the isolate. */
export const uploadBuffers = new UploadBuffers();
