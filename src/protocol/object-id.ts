import { toHex } from "./hex.ts";

/** A new id of a conversation or an installation: 24 hex characters, the first 8 of them the second of `now` (ms). */
export function newObjectId(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  new DataView(bytes.buffer).setUint32(0, Math.floor(now / 1000));
  return toHex(bytes);
}

/** Whether a text has the form of such an id, made here or by the hosted service. */
export function isObjectId(id: string): boolean {
  return /^[0-9a-f]{24}$/.test(id);
}
