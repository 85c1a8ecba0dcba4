import type { StoredToken } from "../model/user.ts";
import { fromBase64, toBase64 } from "../protocol/base64.ts";

/*
 * Session tokens of users, which do not expire. LeanCloud answers the same token at each login of a user, on all devices.
 * So it has to be known, but a copy of the database must not log anybody in: it is found by its hash, and kept encrypted
 * under a key made of the master key. After the master key was changed, tokens are still recognized by their hashes, and
 * the user's next login makes a new one.
 */

const CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz";
const TOKEN_LENGTH = 25;
/** Bytes below this are even over the characters. */
const EVEN_BELOW = 256 - (256 % CHARACTERS.length);
const NONCE_BYTES = 12;

/** The longest token that is looked up, in characters. */
export const TOKEN_LENGTH_MAX = 1_024;

/** A random text as LeanCloud makes them: 25 digits and small letters. */
export function randomName(): string {
  let name = "";
  while (name.length < TOKEN_LENGTH) {
    for (const byte of crypto.getRandomValues(new Uint8Array(TOKEN_LENGTH))) {
      if (byte < EVEN_BELOW && name.length < TOKEN_LENGTH) name += CHARACTERS[byte % CHARACTERS.length];
    }
  }
  return name;
}

/** A new session token. */
export const newToken = randomName;

/** What a session token is found by. */
export async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return toBase64(new Uint8Array(digest));
}

/** A session token as it is stored. */
export async function storedToken(token: string, masterKey: string): Promise<StoredToken> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await keyOf(masterKey);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(token));
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(sealed), NONCE_BYTES);
  return { tokenHash: await hashOf(token), sealedToken: toBase64(bytes) };
}

/** The token itself; undefined if it was stored under another master key. */
export async function tokenIn({ sealedToken }: StoredToken, masterKey: string): Promise<string | undefined> {
  const bytes = fromBase64(sealedToken);
  if (bytes === undefined) return undefined;
  const [iv, sealed] = [bytes.slice(0, NONCE_BYTES), bytes.slice(NONCE_BYTES)];
  try {
    const token = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await keyOf(masterKey), sealed);
    return new TextDecoder().decode(token);
  } catch {
    return undefined;
  }
}

async function keyOf(masterKey: string): Promise<CryptoKey> {
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(masterKey), "HKDF", false, ["deriveKey"]);
  const info = encoder.encode("session tokens of users");
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    key,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
