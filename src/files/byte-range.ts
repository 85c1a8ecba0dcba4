/** The part of a file that a request asks for. */
export type ByteRange =
  | { kind: "whole" }
  | {
      kind: "part";
      /** The first byte. */
      offset: number;
      /** Bytes, at least 1. */
      length: number;
    }
  /** Nothing of the file lies there: 416. */
  | { kind: "outside" };

const whole = { kind: "whole" } as const;

/**
 * Reads a `Range` header (RFC 9110, 14.1). One range is served, also one counted from the end. Several, and what is not
 * understood, are answered with the whole file, which is always allowed; so is any range of an empty file.
 *
 * @param size of the file in bytes
 */
export function rangeOf(header: string | null, size: number): ByteRange {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "") || size === 0) return whole;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? { kind: "outside" } : { kind: "part", offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return whole;
  if (offset >= size) return { kind: "outside" };
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return { kind: "part", offset, length: end - offset + 1 };
}
