import type { Signature } from "./commands.ts";
import { toHex } from "./hex.ts";

/** The requests that the app's own server can permit a client by a signature. */
export type Permission =
  /** Also to renew the session token. */
  | { action: "login" }
  | { action: "create"; members: readonly string[] }
  /** `invite` also for joining, `kick` also for leaving. */
  | { action: "invite" | "kick"; conversationId: string; members: readonly string[] }
  | {
      action: "conversation-block-clients" | "conversation-unblock-clients";
      conversationId: string;
      members: readonly string[];
    }
  | { action: "client-block-conversations" | "client-unblock-conversations"; conversationId: string }
  /** Over HTTP; commands read history without a signature. */
  | { action: "history"; conversationId: string };

export interface SignatureCheck {
  appId: string;
  masterKey: string;
  clientId: string;
  permission: Permission;
  signature: Signature;
  /** Milliseconds. */
  now: number;
}

/** How long a signature is valid, in milliseconds. */
export const LIFETIME = 6 * 60 * 60 * 1000;
/**
 * How far (ms) the clock of the app's server may be ahead. Servers that synchronise their clocks are within a second. A
 * much larger value would let a signature survive a kick by as much.
 */
export const AHEAD_MAX = 5 * 60 * 1000;
/** Smaller numbers are seconds: in milliseconds this is 1973, in seconds the year 5138. */
const SECONDS_BELOW = 1e11;

/** When a signature was made, in milliseconds, whichever unit its signer used. */
export function timeOfSignature({ timestamp }: Signature): number {
  return timestamp < SECONDS_BELOW ? timestamp * 1000 : timestamp;
}

/**
 * The latest time (ms) that a time in whole seconds may stand for. Most signers round down to seconds, some of them
 * before they write milliseconds: a signature made right after a kick would look older than it.
 */
export function lastMomentOf(time: number): number {
  return time % 1000 === 0 ? time + 999 : time;
}

/** The latest time (ms) at which a signature may have been made. A kick before it does not revoke it. */
export function lastTimeOf(signature: Signature): number {
  return lastMomentOf(timeOfSignature(signature));
}

/**
 * Whether a signature is hex HMAC-SHA1 (of either case) under the master key over the request, and is neither older
 * than 6 hours nor from the future (X-02, wire §6). A nonce with a colon could belong to another client id or another
 * permission, so it is refused. Whether a kick has revoked it is for the caller to check, by `lastTimeOf`.
 */
export async function isSignatureValid(check: SignatureCheck): Promise<boolean> {
  const { masterKey, signature, now } = check;
  const age = now - timeOfSignature(signature);
  const given = fromHex(signature.signature);
  // Without a configured key, no signature is valid.
  if (given === undefined || !masterKey || age > LIFETIME || age < -AHEAD_MAX) return false;
  if (signature.nonce.includes(":")) return false;
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(masterKey), algorithm, false, ["verify"]);
  for (const text of signedTexts(check)) {
    // subtle.verify compares in constant time (I12).
    if (await crypto.subtle.verify("HMAC", key, given, encoder.encode(text))) return true;
  }
  return false;
}

/** The signature a client logs in with, in hex, as its app's server would make it. */
export async function signLogin(login: {
  appId: string;
  masterKey: string;
  clientId: string;
  /** Milliseconds. */
  timestamp: number;
  nonce: string;
}): Promise<string> {
  const { appId, masterKey, clientId, timestamp, nonce } = login;
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(masterKey), algorithm, false, ["sign"]);
  const text = `${appId}:${clientId}::${timestamp}:${nonce}`;
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(text));
  return toHex(new Uint8Array(signature));
}

/**
 * Whether adding (also oneself) or removing members, or a change of the blacklist, is signed by the app's server; else
 * error 4302 or 4546.
 */
export function verifyMembershipSignature(request: {
  appId: string;
  masterKey: string;
  clientId: string;
  conversationId: string;
  /** As they arrived. */
  members: readonly string[];
  action: "invite" | "kick" | "conversation-block-clients" | "conversation-unblock-clients";
  signature: Signature | undefined;
  /** Milliseconds. */
  now: number;
}): Promise<boolean> {
  const { appId, masterKey, clientId, conversationId, members, action, signature, now } = request;
  if (signature === undefined) return Promise.resolve(false);
  const permission = { action, conversationId, members };
  return isSignatureValid({ appId, masterKey, clientId, permission, signature, now });
}

/** The texts that may have been signed, in each way they may have been written (wire §6, http-api §13). */
export function signedTexts({
  appId,
  clientId,
  permission,
  signature,
}: Pick<SignatureCheck, "appId" | "clientId" | "permission" | "signature">): string[] {
  const { timestamp, nonce } = signature;
  const stamp = `${timestamp}:${nonce}`;
  const client = `${appId}:${clientId}`;
  const { action } = permission;
  switch (action) {
    case "login":
      return [`${client}::${stamp}`];
    case "create":
      return lists(sets(permission.members, clientId)).map((list) => `${client}:${list}:${stamp}`);
    case "invite":
    case "kick":
    case "conversation-block-clients":
    case "conversation-unblock-clients":
      return lists([permission.members]).map(
        (list) => `${client}:${permission.conversationId}:${list}:${stamp}:${action}`,
      );
    case "client-block-conversations":
    case "client-unblock-conversations":
      return [`${client}:${permission.conversationId}::${stamp}:${action}`];
    case "history": {
      // The documentation has one order, an official sample the other. A nonce of digits would be a time in the other
      // one.
      const place = `${client}:${permission.conversationId}`;
      const documented = `${place}:${nonce}:${timestamp}`;
      return /^\d+$/.test(nonce) ? [documented] : [documented, `${place}:${stamp}`];
    }
  }
}

/**
 * The lists of members that a signer may have received for a new conversation: SDKs send the creator along or not, and
 * a signer's list need not be the one that was sent. The empty list is valid only for a conversation without other
 * members: a login signs the same text, so any client that has logged in could create any conversation with it (I12).
 */
function sets(members: readonly string[], self: string): (readonly string[])[] {
  const others = [...new Set(members)].filter((member) => member !== self);
  return [members, [...others, self], others];
}

/** The same as signed lists, in each order that signers sort by, without duplicates. */
function lists(sets: readonly (readonly string[])[]): string[] {
  const sorted = sets.flatMap((set) => orders.map((order) => set.toSorted(order).join(":")));
  return [...new Set(sorted)];
}

const alphabet = new Intl.Collator("en");

const orders = [
  /** JavaScript, Java and most servers: by code units. */
  undefined,
  (a: string, b: string) => inOrder(a.toLowerCase(), b.toLowerCase()),
  /** C#'s `List.Sort()`. */
  (a: string, b: string) => alphabet.compare(a, b),
];

function inOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[0-9a-f]{40}$/i.test(text)) return undefined;
  const bytes = text.match(/../g) ?? [];
  return Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16));
}
