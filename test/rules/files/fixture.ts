import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HeaderReader } from "../../../src/files/header-reader.ts";

/** A file that an encoder made (ffmpeg 5.1). */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(import.meta.dirname, "../../fixtures/media", name)));
}

/** A reader of these bytes, and what it read, in bytes. */
export function reading(bytes: Uint8Array, size = bytes.length) {
  const reads: number[] = [];
  const reader = new HeaderReader(async (offset, length) => {
    if (offset < 0 || length < 1 || offset + length > size) throw new Error("read outside of the file");
    reads.push(length);
    const part = new Uint8Array(length);
    part.set(bytes.subarray(offset, offset + length));
    return part;
  }, size);
  return { reader, reads };
}

/** Bytes one after another. */
export function joined(...parts: (Uint8Array | number[] | string)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
  );
}
