import { LINE_MAX } from "./lines.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * The rows of a JSON document that comes in pieces, as they were written, each on one line: the elements of the array
 * that the document is, or that it has as `results`. A document of gigabytes is never held as a whole, and numbers stay
 * as they are, which JavaScript would change. It does not check the JSON: whoever takes a row parses it.
 */
export class JsonRows {
  #depth = 0;
  #text: "outside" | "string" | "escape" = "outside";
  #rows: "before" | "within" | "after" = "before";
  /** The depth of the rows' array. */
  #level = 0;
  /** The last text at depth 1: before an array, its key. */
  #key: number[] = [];
  #pieces: Buffer[] = [];
  #held = 0;

  /** Whether the array of rows has ended. */
  get isWhole(): boolean {
    return this.#rows === "after";
  }

  /** Returns the rows that are complete now. Throws for a row that is too long. */
  push(chunk: Buffer): string[] {
    const rows: string[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#text !== "outside") {
        this.#readString(byte);
      } else if (byte === QUOTE) {
        this.#text = "string";
        if (this.#depth === 1) this.#key = [];
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#depth += 1;
        if (this.#beginsRows(byte)) start = at + 1;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (this.#isBetweenRows()) {
          this.#take(chunk.subarray(start, at), rows);
          this.#rows = "after";
        }
        this.#depth -= 1;
      } else if (byte === COMMA && this.#isBetweenRows()) {
        this.#take(chunk.subarray(start, at), rows);
        start = at + 1;
      }
    }
    if (this.#rows === "within") this.#hold(chunk.subarray(start));
    return rows;
  }

  #readString(byte: number): void {
    if (this.#text === "escape") this.#text = "string";
    else if (byte === BACKSLASH) this.#text = "escape";
    else if (byte === QUOTE) this.#text = "outside";
    else if (this.#rows === "before" && this.#key.length < 8) this.#key.push(byte);
  }

  #beginsRows(byte: number): boolean {
    if (this.#rows !== "before" || byte !== OPEN_ARRAY) return false;
    const isResults = this.#depth === 2 && String.fromCharCode(...this.#key) === "results";
    if (this.#depth !== 1 && !isResults) return false;
    this.#rows = "within";
    this.#level = this.#depth;
    return true;
  }

  #isBetweenRows(): boolean {
    return this.#rows === "within" && this.#depth === this.#level;
  }

  #hold(piece: Buffer): void {
    // A copy, since some streams use their memory again.
    this.#pieces.push(Buffer.from(piece));
    this.#held += piece.length;
    if (this.#held > LINE_MAX) throw new Error(`a row is longer than ${LINE_MAX} bytes`);
  }

  #take(last: Buffer, rows: string[]): void {
    // Line breaks can only be between JSON's tokens, never inside of a string.
    const text = Buffer.concat([...this.#pieces, last])
      .toString()
      .replace(/[\r\n]+[ \t]*/g, "")
      .trim();
    if (text !== "") rows.push(text);
    this.#pieces = [];
    this.#held = 0;
  }
}

/** The rows of a text that is there as a whole, as they were written. */
export function rowsOfText(text: string): string[] {
  return new JsonRows().push(Buffer.from(text));
}
