import type { Env } from "../env.ts";

/** Who an HTTP request speaks for: nobody we know, the app's clients, or the app's owner. */
export type Caller = "none" | "app" | "master";

type Keys = Pick<Env, "APP_ID" | "APP_KEY" | "MASTER_KEY">;

/**
 * Reads `X-LC-Id` with either `X-LC-Key` (`<app key>` or `<master key>,master`) or `X-LC-Sign`
 * (`<md5>,<ms>` or `<md5>,<ms>,master`, the digest being lower-case hex of MD5 over time and key). When both
 * are there the key counts. How old a signature may be is documented nowhere and device clocks are wrong, so
 * age is not judged.
 */
export async function callerOf(request: Request, keys: Keys): Promise<Caller> {
  if (request.headers.get("X-LC-Id") !== keys.APP_ID) return "none";
  const key = request.headers.get("X-LC-Key");
  if (key !== null) return callerByKey(key.trim(), keys);
  const sign = request.headers.get("X-LC-Sign");
  return sign === null ? "none" : callerBySignature(sign, keys);
}

async function callerByKey(key: string, keys: Keys): Promise<Caller> {
  const master = /^(.*),\s*master$/.exec(key)?.[1];
  if (master !== undefined) return (await same(master, keys.MASTER_KEY)) ? "master" : "none";
  return (await same(key, keys.APP_KEY)) ? "app" : "none";
}

async function callerBySignature(sign: string, keys: Keys): Promise<Caller> {
  const [digest = "", time = "", kind] = sign.split(",").map((part) => part.trim());
  if (!/^\d+$/.test(time) || (kind !== undefined && kind !== "master")) return "none";
  const key = kind === "master" ? keys.MASTER_KEY : keys.APP_KEY;
  if (!key) return "none";
  const expected = await crypto.subtle.digest("MD5", new TextEncoder().encode(time + key));
  if (!(await same(digest, hex(expected)))) return "none";
  return kind === "master" ? "master" : "app";
}

/**
 * Compares in a time that tells nothing about either side, their lengths included: what is compared is two
 * digests. A key that was never configured equals nothing.
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

function hex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
