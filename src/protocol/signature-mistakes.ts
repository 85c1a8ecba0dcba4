import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import {
  AHEAD_MAX,
  isSignatureValid,
  LIFETIME,
  type Permission,
  type SignatureCheck,
  signedTexts,
  timeOfSignature,
} from "./signatures.ts";

/** What is likely wrong with a signature. */
export interface SignatureMistake {
  code: SignatureMistakeCode;
  /** A sentence for whoever wrote the signing server. */
  text: string;
}

export const signatureMistakes = [
  "form",
  "nonce",
  "too_old",
  "from_the_future",
  "wrong_key",
  "wrong_digest",
  "order_of_members",
  "other_members",
  "unit_of_time",
  "other_action",
  "order_of_parts",
  "missing_part",
  "other_text",
] as const;

export type SignatureMistakeCode = (typeof signatureMistakes)[number];

export interface SignatureVerdict {
  valid: boolean;
  /** The texts of which any may have been signed; the first is the documented one. */
  expected: string[];
  /** Why it is not valid; empty if it is. */
  mistakes: SignatureMistake[];
}

/** Other keys of the app that signing servers take by mistake. */
export interface OtherKeys {
  appKey: string;
}

/** Decides about a signature as a login or command does, and finds what its signer likely did wrong (G-02). */
export async function examineSignature(check: SignatureCheck, others: OtherKeys): Promise<SignatureVerdict> {
  const expected = signedTexts(check);
  if (await isSignatureValid(check)) return { valid: true, expected, mistakes: [] };
  return { valid: false, expected, mistakes: [...mistakesBeside(check), ...mistakesInDigest(check, others)] };
}

/** What is wrong whatever was signed. */
function mistakesBeside({ signature, now }: SignatureCheck): SignatureMistake[] {
  const mistakes: SignatureMistake[] = [];
  if (signature.nonce.includes(":"))
    mistakes.push({ code: "nonce", text: "The nonce must not contain a colon." });
  const age = now - timeOfSignature(signature);
  if (age > LIFETIME) {
    const text = `The time of the signature is ${spanOf(age)} ago; a signature is good for 6 hours.`;
    mistakes.push({ code: "too_old", text });
  }
  if (age < -AHEAD_MAX) {
    const text = `The time of the signature is ${spanOf(-age)} ahead; 5 minutes are allowed. See the signing server's clock, and whether the time is in milliseconds.`;
    mistakes.push({ code: "from_the_future", text });
  }
  return mistakes;
}

function spanOf(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(minutes / 60);
  return hours < 72 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}

/** What is wrong with the digest; nothing if a right text was signed by the right key. */
function mistakesInDigest(check: SignatureCheck, { appKey }: OtherKeys): SignatureMistake[] {
  const { appId, masterKey, signature } = check;
  const given = signature.signature;
  const right = signedTexts(check);
  const hex = given.toLowerCase();
  const isBy = (key: string, text: string) => hmac("sha1", key, text).toString("hex") === hex;
  if (right.some((text) => isBy(masterKey, text))) return [];
  const keys = [
    { key: appKey, is: "the app key" },
    { key: appId, is: "the app id" },
    { key: `${masterKey},master`, is: "the master key with `,master` after it" },
  ];
  const wrong = keys.find(({ key }) => right.some((text) => isBy(key, text)));
  if (wrong !== undefined)
    return [{ code: "wrong_key", text: `It was signed with ${wrong.is}; sign with the master key.` }];
  const digest = right.map((text) => digestOf(given, masterKey, text)).find((found) => found !== undefined);
  if (digest !== undefined)
    return [{ code: "wrong_digest", text: `It is ${digest}; sign with HMAC-SHA1, written in hexadecimal.` }];
  const other = otherTexts(check).find(({ text }) => isBy(masterKey, text));
  if (other !== undefined) return [{ code: other.code, text: other.why }];
  return [unexplained(given)];
}

const hmac = (hash: string, key: string, text: string) => createHmac(hash, key).update(text, "utf8").digest();

/** How the right text became this signature, other than by HMAC-SHA1 in hexadecimal. */
function digestOf(given: string, key: string, text: string): string | undefined {
  const plain = (hash: string, of: string) => createHash(hash).update(of, "utf8").digest();
  const ways: [string, () => Uint8Array][] = [
    ["HMAC-SHA256", () => hmac("sha256", key, text)],
    ["HMAC-MD5", () => hmac("md5", key, text)],
    ["SHA-1 without a key", () => plain("sha1", text)],
    ["SHA-1 of the text and the key", () => plain("sha1", text + key)],
    ["SHA-1 of the key and the text", () => plain("sha1", key + text)],
    ["HMAC with text and key exchanged", () => hmac("sha1", text, key)],
  ];
  if (base64(hmac("sha1", key, text)).includes(given)) return "HMAC-SHA1 in Base64";
  const way = ways.find(([, made]) => {
    const bytes = Buffer.from(made());
    return bytes.toString("hex") === given.toLowerCase() || base64(bytes).includes(given);
  });
  return way?.[0];
}

const base64 = (bytes: Buffer) => [bytes.toString("base64"), bytes.toString("base64url")];

function unexplained(given: string): SignatureMistake {
  if (/^[0-9a-f]{40}$/i.test(given)) {
    const text =
      "It is of another text or by another key: compare what was signed with the text that is expected.";
    return { code: "other_text", text };
  }
  const form =
    "A signature has 40 hexadecimal digits: HMAC-SHA1 under the master key. " +
    (given.split(".").length === 3 ? "This looks like a JSON Web Token, which only a login may carry." : "");
  return { code: "form", text: form.trim() };
}

interface OtherText {
  text: string;
  code: SignatureMistakeCode;
  why: string;
}

/** Texts that signers sign by mistake, each with what is wrong with it. */
function otherTexts(check: SignatureCheck): OtherText[] {
  const { appId, clientId, permission, signature } = check;
  const { timestamp, nonce } = signature;
  const mistaken = (code: SignatureMistakeCode, why: string, texts: readonly string[]) =>
    texts.map((text) => ({ text, code, why }));
  const otherUnit = timestamp < 1e11 ? timestamp * 1000 : timestamp / 1000;
  const withOther = (changed: Partial<SignatureCheck>) => signedTexts({ ...check, ...changed });
  const parts = partsOf(check);
  const stamp = `${timestamp}:${nonce}`;
  const swapped = withOther({}).map((text) => text.replace(stamp, () => `${nonce}:${timestamp}`));
  const action = permission.action;
  return [
    ...mistaken(
      "unit_of_time",
      "The time in the signed text is not in the unit of the time beside it: one is in seconds, the other in milliseconds.",
      [otherUnit, Math.floor(otherUnit)].flatMap((time) =>
        withOther({ signature: { ...signature, timestamp: time } }),
      ),
    ),
    ...mistaken(
      "order_of_members",
      "The members in the signed text are not in ascending order, with `:` between them.",
      parts.unsorted,
    ),
    ...mistaken(
      "other_action",
      `It was signed for something else than ${action}.`,
      otherPermissions(permission).flatMap((other) => withOther({ permission: other })),
    ),
    ...mistaken("other_members", "Other members were signed than those of the request.", parts.otherMembers),
    ...mistaken("order_of_parts", "The nonce was signed before the time.", swapped),
    ...mistaken("missing_part", "A part of the signed text is missing, or a colon.", [
      ...withOther({}).map((text) => text.replace(`:${action}`, "")),
      ...withOther({}).map((text) => text.replace(`:${stamp}`, () => `:${timestamp}`)),
      ...withOther({}).map((text) => text.replace(`${appId}:`, "")),
      ...withOther({}).map((text) => text.replace(`:${clientId}`, "")),
      ...withOther({}).map((text) => text.replace("::", ":")),
      ...("conversationId" in permission
        ? withOther({}).map((text) => text.replace(`:${permission.conversationId}`, ""))
        : []),
    ]),
  ];
}

/** The text with the members in other orders, and with other members. */
function partsOf(check: SignatureCheck): { unsorted: string[]; otherMembers: string[] } {
  const { clientId, permission } = check;
  if (!("members" in permission)) return { unsorted: [], otherMembers: [] };
  const sorted = permission.members.toSorted();
  const self = [...permission.members.filter((member) => member !== clientId), clientId];
  const { timestamp, nonce } = check.signature;
  const stamp = `${timestamp}:${nonce}`;
  const [empty = ""] = signedTexts({ ...check, permission: { ...permission, members: [] } });
  const inText = (list: string) => empty.replace(`::${stamp}`, () => `:${list}:${stamp}`);
  const orders = [permission.members, sorted.toReversed(), self, [clientId, ...permission.members]];
  return {
    unsorted: [
      ...orders.map((list) => list.join(":")),
      ...[sorted, permission.members].map((list) => list.join(",")),
    ].map(inText),
    otherMembers: ["", self.toSorted().join(":"), clientId].map(inText),
  };
}

/** What the signature may be for, other than what it was made for. */
function otherPermissions(permission: Permission): Permission[] {
  const members = "members" in permission ? permission.members : [];
  const login: Permission[] = [{ action: "login" }, { action: "create", members }];
  if (!("conversationId" in permission)) return login.filter(({ action }) => action !== permission.action);
  const { conversationId } = permission;
  const about: Permission[] = [
    { action: "invite", conversationId, members },
    { action: "kick", conversationId, members },
    { action: "conversation-block-clients", conversationId, members },
    { action: "conversation-unblock-clients", conversationId, members },
    { action: "client-block-conversations", conversationId },
    { action: "client-unblock-conversations", conversationId },
    { action: "history", conversationId },
  ];
  return [...about, ...login].filter(({ action }) => action !== permission.action);
}
