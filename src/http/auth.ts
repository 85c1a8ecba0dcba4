import type { Env } from "../bindings.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { toHex } from "../protocol/hex.ts";

/** The authenticated caller of an HTTP request: none, a holder of the app key, or the app's owner. */
export type Caller = "none" | "app" | "master";

type Keys = Pick<Env, "APP_ID" | "APP_KEY" | "ANDROID_KEY" | "MASTER_KEY">;

/** The credentials of a request (http-api §1.2), wherever they were found. */
export interface Credentials {
  appId: string | undefined;
  /** `<app key>` or `<master key>,master`. */
  key: string | undefined;
  /** The master key alone, as older clients send it. */
  masterKey: string | undefined;
  /** `<md5>,<ms>`, `<md5>,<ms>,master` or `<md5>,<ms>,ax-sig-1`. */
  sign: string | undefined;
}

/** The header names in use, newest first. The name of the app's header determines the family. */
const FAMILIES = [
  { appId: "X-LC-Id", key: "X-LC-Key", masterKey: undefined, sign: "X-LC-Sign" },
  ...["X-AVOSCloud", "X-Uluru"].map((prefix) => ({
    appId: `${prefix}-Application-Id`,
    key: `${prefix}-Application-Key`,
    masterKey: `${prefix}-Master-Key`,
    sign: `${prefix}-Request-Sign`,
  })),
];

/** Every header in which browsers may send credentials, and the headers sent with them. */
export const credentialHeaders = [
  ...FAMILIES.flatMap(({ appId, key, masterKey, sign }) => [appId, key, masterKey ?? [], sign].flat()),
  ...["X-LC-IM-Session-Token", "X-LC-Session", "X-LC-Prod", "X-LC-UA"],
  ...["X-AVOSCloud", "X-Uluru"].flatMap((prefix) => [
    `${prefix}-Session-Token`,
    `${prefix}-Application-Production`,
  ]),
];

/** The credentials in a request's headers; undefined if they name no app. */
export function credentialsInHeaders(headers: Headers): Credentials | undefined {
  const family = FAMILIES.find(({ appId }) => headers.has(appId));
  if (family === undefined) return undefined;
  const read = (name: string | undefined) => (name && headers.get(name)) ?? undefined;
  return {
    appId: read(family.appId),
    key: read(family.key),
    masterKey: read(family.masterKey),
    sign: read(family.sign),
  };
}

const SESSION_HEADERS = ["X-LC-Session", "X-AVOSCloud-Session-Token", "X-Uluru-Session-Token"];

/** The session token of the user who sends a request; undefined without one. */
export function sessionTokenIn(headers: Headers): string | undefined {
  const name = SESSION_HEADERS.find((each) => headers.has(each));
  return (name && headers.get(name)?.trim()) || undefined;
}

/** The credentials in the body of a very old browser, which cannot set headers. */
export function credentialsInBody(body: JsonObject): Credentials {
  const text = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
  return {
    appId: text(body._ApplicationId),
    key: text(body._ApplicationKey),
    masterKey: text(body._MasterKey),
    sign: undefined,
  };
}

/**
 * The caller that credentials prove. A key counts before a signature, and a separate master key before both: a wrong
 * one is never corrected by another beside it. The digest is lower-case hex of MD5 over time and key. The owner limits
 * the age of a signature with the master key: otherwise one that leaked would give full rights for ever.
 * With the app key, age is not checked: every copy of the app has that key, and device clocks are wrong. The third part
 * `ax-sig-1` names the key of Android builds that start with the app id alone (`initializeSecurely`).
 *
 * @param isInTime whether a time (ms) is near enough to count in a signature with the master key
 */
export async function callerOf(
  credentials: Credentials,
  keys: Keys,
  isInTime: (time: number) => Promise<boolean>,
): Promise<Caller> {
  if (credentials.appId !== keys.APP_ID) return "none";
  const { key, masterKey, sign } = credentials;
  if (masterKey !== undefined) return (await same(masterKey.trim(), keys.MASTER_KEY)) ? "master" : "none";
  if (key !== undefined) return callerByKey(key.trim(), keys);
  return sign === undefined ? "none" : callerBySignature(sign, keys, isInTime);
}

async function callerByKey(key: string, keys: Keys): Promise<Caller> {
  const master = /^(.*),\s*master$/.exec(key)?.[1];
  if (master !== undefined) return (await same(master, keys.MASTER_KEY)) ? "master" : "none";
  return (await same(key, keys.APP_KEY)) ? "app" : "none";
}

async function callerBySignature(
  sign: string,
  keys: Keys,
  isInTime: (time: number) => Promise<boolean>,
): Promise<Caller> {
  const [digest = "", time = "", kind] = sign.split(",").map((part) => part.trim());
  const key = signingKey(kind, keys);
  if (!/^\d+$/.test(time) || !key) return "none";
  const expected = await crypto.subtle.digest("MD5", new TextEncoder().encode(time + key));
  if (!(await same(digest, toHex(new Uint8Array(expected))))) return "none";
  if (kind !== "master") return "app";
  return (await isInTime(Number(time))) ? "master" : "none";
}

function signingKey(kind: string | undefined, keys: Keys): string | undefined {
  switch (kind) {
    case undefined:
      return keys.APP_KEY;
    case "master":
      return keys.MASTER_KEY;
    case "ax-sig-1":
      return keys.ANDROID_KEY;
    default:
      return undefined;
  }
}

/**
 * Compares in a time that reveals nothing about either side, their lengths included: two digests are compared. A key
 * that was never configured equals nothing.
 */
async function same(given: string, expected: string | undefined): Promise<boolean> {
  if (!expected) return false;
  const encoder = new TextEncoder();
  const [left, right] = await Promise.all([
    crypto.subtle.digest("SHA-256", encoder.encode(given)),
    crypto.subtle.digest("SHA-256", encoder.encode(expected)),
  ]);
  return crypto.subtle.timingSafeEqual(left, right);
}
