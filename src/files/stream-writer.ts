import type { ObjectWriter } from "./file-storage.ts";

/**
 * Writes an object through a stream, a chunk at a time. Nothing is held.
 *
 * @param length bytes, if they are known: others are an error
 * @param store takes the stream, and is done when the object is stored
 */
export function streamWriter(
  length: number | undefined,
  store: (body: ReadableStream) => Promise<unknown>,
): ObjectWriter {
  const { readable, writable } =
    length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
  const writer = writable.getWriter();
  const failure = new AbortController();
  const stored = store(readable);
  // Told by `finish` too; a caller that waits for bytes has to hear of it at once.
  stored.catch((error: unknown) => failure.abort(error));
  return {
    signal: failure.signal,
    write: (chunk) => writer.write(chunk),
    async finish() {
      await writer.close();
      await stored;
    },
    async cancel() {
      await writer.abort().catch(() => {});
      // It may store the half that it has: it is deleted only after that.
      await stored.catch(() => {});
    },
  };
}
