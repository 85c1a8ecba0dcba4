// As the library reads text: a byte order mark is text, and what is not UTF-8 is replaced.
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** Bytes of the largest varint that is read here: a positive number of 31 bits. */
const VARINT_MAX = 5;

/**
 * Reads the fields of one protobuf message, in the order in which they stand. It reads what SDKs send, in a third of the
 * time that the library takes, which walks the schema. Of everything else (cut off, negative, longer than needed) it
 * says that it is unusual, and what it has returned since is worthless; the library decides then what that is.
 */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #isUnusual = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get isUnusual(): boolean {
    return this.#isUnusual;
  }

  /** Whether another field follows. */
  get hasMore(): boolean {
    return this.#at < this.#end && !this.#isUnusual;
  }

  /** A field's number and wire type, as they stand together before its value (`tagOf`). */
  tag(): number {
    return this.number();
  }

  /** A whole number from 0 to 2^31 - 1. */
  number(): number {
    let value = 0;
    for (let index = 0; index < VARINT_MAX && this.#at < this.#end; index += 1) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 127) * 2 ** (7 * index);
      if (byte > 127) continue;
      if (value <= 0x7fffffff && (byte > 0 || index === 0)) return value;
      break;
    }
    this.#isUnusual = true;
    return 0;
  }

  flag(): boolean {
    const value = this.number();
    if (value > 1) this.#isUnusual = true;
    return value === 1;
  }

  text(): string {
    return decoder.decode(this.bytes());
  }

  /** A view of the bytes of a field. */
  bytes(): Uint8Array {
    const end = this.#endOfField();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  /** The fields of a message within this one. */
  message(): FieldReader {
    const end = this.#endOfField();
    const inner = new FieldReader(this.#bytes, this.#at, end);
    this.#at = end;
    return inner;
  }

  #endOfField(): number {
    const length = this.number();
    if (length <= this.#end - this.#at) return this.#at + length;
    this.#isUnusual = true;
    return this.#at;
  }
}

/** The tag of a field whose value is a number or a flag. */
export function numberTag(field: { number: number }): number {
  return field.number << 3;
}

/** The tag of a field whose value is a text, bytes or a message. */
export function lengthTag(field: { number: number }): number {
  return (field.number << 3) | 2;
}
