/*
 * Multipart forms (RFC 7578) as mini-programs send them. The libraries for it either hold a part whole or fail where a
 * chunk ends inside of a delimiter, so it is our own: it holds the headers of one part, or the beginning of a delimiter.
 */

/** Bytes of the headers of a part, and parts of a form. */
const HEADERS_LONGEST = 8_192;
const PARTS_MAX = 100;
/** Without line ends: no delimiter can begin inside of another. */
const BOUNDARY = /;\s*boundary=(?:"([\x20\x21\x23-\x7e]{1,200})"|([^\s";,]{1,200})(?:[\s;,]|$))/i;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const [CR, LF, DASH] = [13, 10, 45];
const HEADERS_END = new Uint8Array([CR, LF, CR, LF]);

/** A body is not the form that it should be. */
export class MalformedForm extends Error {
  override name = "MalformedForm";
}

/** Finds the bytes of the part named `file` in a form, chunk by chunk. */
export class FormScanner {
  readonly #delimiter: Uint8Array;
  /** Bytes that cannot be judged yet. The first delimiter may be without the line end before it. */
  #held: Uint8Array = new Uint8Array([CR, LF]);
  #memory = new Uint8Array();
  #place: "before a part" | "headers" | "file" | "other part" | "end" = "before a part";
  #file: "awaited" | "found" | "whole" = "awaited";
  #parts = 0;

  /** Throws `MalformedForm` for another content type. */
  constructor(contentType: string) {
    const [, quoted, plain] = /^multipart\/form-data\b/i.test(contentType)
      ? (BOUNDARY.exec(contentType) ?? [])
      : [];
    const boundary = quoted ?? plain;
    if (boundary === undefined) throw new MalformedForm("not a multipart form");
    this.#delimiter = encoder.encode(`\r\n--${boundary}`);
  }

  /** The bytes of the file in the next chunk of the body, until the next call. Throws `MalformedForm`. */
  read(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#withHeld(chunk);
    const found: Uint8Array[] = [];
    let at = 0;
    while (this.#place !== "end") {
      const next =
        this.#place === "headers" ? this.#readHeaders(bytes, at) : this.#readPart(bytes, at, found);
      if (next === undefined) break;
      at = next;
    }
    return found;
  }

  /** Throws `MalformedForm` if the body ended before the file did, or had none. */
  end(): void {
    if (this.#file !== "whole") throw new MalformedForm("no whole part named file");
  }

  /** What is held and the chunk as one, in the memory of the last ones if they fit. */
  #withHeld(chunk: Uint8Array): Uint8Array {
    const length = this.#held.length + chunk.length;
    if (this.#memory.length < length) this.#memory = new Uint8Array(length);
    this.#memory.set(this.#held);
    this.#memory.set(chunk, this.#held.length);
    return this.#memory.subarray(0, length);
  }

  /** To the next delimiter, and the position behind it; undefined if it is not there yet. */
  #readPart(bytes: Uint8Array, from: number, found: Uint8Array[]): number | undefined {
    const end = indexOf(bytes, this.#delimiter, from);
    const until = end ?? Math.max(from, bytes.length - this.#delimiter.length + 1);
    if (this.#place === "file" && until > from) found.push(bytes.subarray(from, until));
    if (end === undefined) {
      this.#held = bytes.slice(until);
      return undefined;
    }
    if (this.#place === "file") this.#file = "whole";
    this.#place = "headers";
    return end + this.#delimiter.length;
  }

  /** The headers of a part from the line end before them, or the dashes after the last part. */
  #readHeaders(bytes: Uint8Array, from: number): number | undefined {
    const end = indexOf(bytes, HEADERS_END, from);
    const isLast = bytes[from] === DASH && bytes[from + 1] === DASH;
    if (isLast || this.#parts === PARTS_MAX) {
      this.#place = "end";
      return bytes.length;
    }
    if ((end ?? bytes.length) - from > HEADERS_LONGEST)
      throw new MalformedForm("the headers of a part are too long");
    if (end === undefined) {
      this.#held = bytes.slice(from);
      return undefined;
    }
    this.#parts += 1;
    const isFile = this.#file === "awaited" && isNamedFile(decoder.decode(bytes.subarray(from, end)));
    if (isFile) this.#file = "found";
    this.#place = isFile ? "file" : "other part";
    return end + HEADERS_END.length;
  }
}

function isNamedFile(headers: string): boolean {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
  return /;\s*name=(?:"file"|file\s*(?:;|$))/i.test(disposition);
}

/** Where these bytes, which begin with a CR, stand first. */
function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(CR, from); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (at + wanted.length > bytes.length) return undefined;
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return undefined;
}
