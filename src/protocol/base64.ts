import { Buffer } from "node:buffer";

/**
 * Text framing of `lc.proto2base64.*` (wire §2.1) and bytes inside JSON. A table decodes, because official
 * clients and adapters send both alphabets, line breaks and text without padding, and `Buffer` refuses nothing.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING = 64;
const BLANK = 65;
const INVALID = 66;

const values = new Uint8Array(128).fill(INVALID);
for (let index = 0; index < ALPHABET.length; index++) values[ALPHABET.charCodeAt(index)] = index;
values["-".charCodeAt(0)] = 62;
values["_".charCodeAt(0)] = 63;
values["=".charCodeAt(0)] = PADDING;
for (const blank of " \t\r\n\f") values[blank.charCodeAt(0)] = BLANK;

export function toBase64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** The alphabet for URLs, without padding. */
export function toBase64Url({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64url");
}

/** The bytes, or `undefined` for text that is not Base64 in either alphabet. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let pending = 0;
  let padded = 0;
  for (let index = 0; index < text.length; index++) {
    const value = values[text.charCodeAt(index)] ?? INVALID;
    if (value < PADDING) {
      if (padded > 0) return undefined;
      bits = ((bits << 6) | value) & 0xffffff;
      pending += 6;
      if (pending >= 8) {
        pending -= 8;
        bytes[length++] = (bits >>> pending) & 0xff;
      }
    } else if (value === PADDING) {
      padded++;
    } else if (value === INVALID) {
      return undefined;
    }
  }
  // A single character after the last group carries no byte. Padding may be too short, but not too long.
  if (pending === 6 || padded > pending / 2) return undefined;
  return bytes.subarray(0, length);
}
