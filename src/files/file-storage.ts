/** A span of an object, in bytes. */
export interface Span {
  offset: number;
  length: number;
}

/** The bytes of an object. */
export interface ObjectBody {
  body: ReadableStream;
}

/**
 * The bytes of files: objects with names that nobody outside sees, in letters and digits. Each is written once and never
 * changed. Calls throw if the storage fails.
 */
export interface FileStorage {
  /**
   * Stores a stream of this many bytes. If the stream fails, has another length, or the signal aborts, this throws, and
   * what it leaves is deleted by its name.
   */
  put(
    name: string,
    body: ReadableStream<Uint8Array>,
    options: { length: number; signal: AbortSignal },
  ): Promise<void>;
  /** Begins an object, of this many bytes if they are known. */
  open(name: string, length?: number): ObjectWriter;
  /** The bytes of an object, or a span of them that is inside it; undefined if there is no such object. */
  get(name: string, span?: Span): Promise<ObjectBody | undefined>;
  /** Deletes up to 1,000 objects. Names without an object are no matter. */
  delete(names: readonly string[]): Promise<void>;
}

/** An object that is written a chunk at a time. It is there only once it is finished. */
export interface ObjectWriter {
  /** Aborts when the storage fails, or others need the memory more. */
  readonly signal: AbortSignal;
  /** Takes bytes; the chunk may be used again when this is done. */
  write(chunk: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Gives up; what is left is deleted by its name. */
  cancel(): Promise<void>;
}
