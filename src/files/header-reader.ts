/** Reads a part of a stored file: `length` bytes from `offset` on, all of them within the file. */
export type ReadPart = (offset: number, length: number) => Promise<Uint8Array>;

/** Bytes of one read: the headers of nearly every picture fit. */
export const WINDOW_BYTES = 16 * 1024;
/** Reads of one file. A photo has some large blocks of metadata before its size; a film may have its length at the end. */
const READS = 12;

/** Reads headers of a file, a window at a time, and gives up when a file would take more reads than that. */
export class HeaderReader {
  readonly size: number;
  readonly #read: ReadPart;
  #window: { offset: number; bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array() };
  #reads = 0;

  /** @param size of the file in bytes */
  constructor(read: ReadPart, size: number) {
    this.#read = read;
    this.size = size;
  }

  /** At most `WINDOW_BYTES` from `offset` on; undefined where the file does not have all of them, or took too many reads. */
  async at(offset: number, length: number): Promise<DataView | undefined> {
    if (!Number.isSafeInteger(offset) || offset < 0 || length > WINDOW_BYTES) return undefined;
    if (offset + length > this.size) return undefined;
    const isInWindow =
      offset >= this.#window.offset && offset + length <= this.#window.offset + this.#window.bytes.length;
    if (!isInWindow && !(await this.#move(offset, length))) return undefined;
    const { bytes } = this.#window;
    return new DataView(bytes.buffer, bytes.byteOffset + offset - this.#window.offset, length);
  }

  async #move(offset: number, length: number): Promise<boolean> {
    this.#reads += 1;
    if (this.#reads > READS) return false;
    const bytes = await this.#read(offset, Math.min(WINDOW_BYTES, this.size - offset));
    this.#window = { offset, bytes };
    return bytes.length >= length;
  }
}

/** Four characters such as the name of a chunk. */
export function fourCharacters(view: DataView, offset: number): string {
  return textAt(view, offset, 4);
}

/** Bytes as characters of Latin-1. */
export function textAt(view: DataView, offset: number, length: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + offset, length));
}
