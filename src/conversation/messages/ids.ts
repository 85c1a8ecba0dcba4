import { Buffer } from "node:buffer";
import { toBase64Url } from "../../protocol/base64.ts";
import { toHex } from "../../protocol/hex.ts";
import { newObjectId } from "../../protocol/object-id.ts";

const encoder = new TextEncoder();

/**
 * A new message id: 22 characters of 16 bytes whose first 6 are the timestamp, so that an id alone locates its
 * row (B-10). Characters are base64's with `-` and `_`, safe in URLs.
 */
export function newMessageId(timestamp: number): string {
  const bytes = randomBytes();
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(timestamp / 2 ** 32));
  view.setUint32(2, timestamp % 2 ** 32);
  return toBase64Url(bytes);
}

/** 16 random bytes. Asking for few at a time costs more than the rest of an id. */
function randomBytes(): Uint8Array<ArrayBuffer> {
  if (used === drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  const bytes = drawn.slice(used, used + 16);
  used += 16;
  return bytes;
}

const drawn = new Uint8Array(4_096);
let used = drawn.length;

/** The timestamp in a message id of ours; undefined for any other string. */
export function timeOfMessageId(id: string): number | undefined {
  if (!/^[0-9A-Za-z_-]{22}$/.test(id)) return undefined;
  return Buffer.from(id.slice(0, 8), "base64url").readUIntBE(0, 6);
}

/** Whether a string can name a conversation at all; anything else is "not found" without asking an object. */
export function isConversationId(id: string): boolean {
  return /^(_tmp:)?[0-9A-Za-z_-]{1,64}$/.test(id);
}

/** A fresh conversation id: 24 hex characters, the first 8 of them the second of creation. */
export const newConversationId = newObjectId;

/**
 * The id of the unique conversation of exactly these members (B-03): the same set always meets in the same
 * object, which makes unique creation atomic with no registry beside it.
 */
export async function uniqueConversationId(
  appId: string,
  kind: string,
  members: readonly string[],
): Promise<string> {
  const name = JSON.stringify([appId, kind, ...members.toSorted()]);
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(name));
  return toHex(new Uint8Array(digest, 0, 12));
}

/** `uniqueId` as the hosted service computed it: md5 of the ascending member ids with nothing between (B-04). */
export async function uniqueIdOf(members: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("MD5", encoder.encode(members.toSorted().join("")));
  return toHex(new Uint8Array(digest));
}
