import { createReadStream } from "node:fs";

const NEWLINE = 0x0a;
/** No row is longer, in bytes: what is, is no file of rows. */
export const LINE_MAX = 64_000_000;

/**
 * The lines of a text that comes in pieces, without their ends. The last one need not have an end. Not by Node's
 * readline, which also splits at U+2028, which JSON may have inside of a string.
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let held = 0;
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield trimmed(Buffer.concat([...pieces, chunk.subarray(start, end)]));
      pieces = [];
      held = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    // A copy, since some streams use their memory again.
    pieces.push(Buffer.from(chunk.subarray(start)));
    held += chunk.length - start;
    if (held > LINE_MAX) throw new Error(`a line is longer than ${LINE_MAX} bytes`);
  }
  if (pieces.length > 0) yield trimmed(Buffer.concat(pieces));
}

/** The lines of a file's first bytes. */
export async function* linesOfFile(path: string, bytes = Number.POSITIVE_INFINITY): AsyncGenerator<string> {
  if (bytes === 0) return;
  for await (const line of linesOf(createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 18 }))) {
    yield line.toString();
  }
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
