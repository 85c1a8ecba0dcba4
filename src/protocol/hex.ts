import { Buffer } from "node:buffer";

/** Bytes as lower-case hexadecimal digits, two each. */
export function toHex({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("hex");
}
