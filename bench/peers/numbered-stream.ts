import { sequenceIn } from "../message-body.ts";

/** The longest text that may be cut off at the end of a chunk and still be a number: `seq#` and eight digits. */
const TEXT = 12;
const MARKER = Buffer.from("seq#");

/** Finds the numbers of messages in a stream of bytes, also those that two chunks share. */
export class NumberedStream {
  readonly #found: (sequence: number) => void;
  #rest: Buffer | undefined;

  constructor(found: (sequence: number) => void) {
    this.#found = found;
  }

  take(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let from = 0;
    for (;;) {
      const at = bytes.indexOf(MARKER, from);
      if (at < 0) break;
      if (at + TEXT > bytes.length) {
        this.#rest = Buffer.from(bytes.subarray(at));
        return;
      }
      const sequence = sequenceIn(bytes.subarray(at, at + TEXT));
      if (sequence !== undefined) this.#found(sequence);
      from = at + TEXT;
    }
    const kept = Math.min(MARKER.length - 1, bytes.length - from);
    if (kept > 0) this.#rest = Buffer.from(bytes.subarray(bytes.length - kept));
  }
}
