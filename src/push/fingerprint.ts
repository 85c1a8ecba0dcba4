import { toHex } from "../protocol/hex.ts";

/** Tells a text such as a key from others without showing it: SHA-256 in hexadecimal. */
export async function fingerprintOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toHex(new Uint8Array(digest));
}
