import { exportJWK, generateKeyPair } from "jose";
import { fromBase64, toBase64Url } from "../protocol/base64.ts";

/** A server's keys for browsers' push services (RFC 8292), in base64url. */
export interface VapidKeys {
  /** An uncompressed point on P-256: 65 bytes. */
  publicKey: string;
  /** 32 bytes. */
  privateKey: string;
}

/** Creates a new pair. */
export async function newVapidKeys(): Promise<VapidKeys> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(privateKey);
  const point = [4, ...(fromBase64(x) ?? []), ...(fromBase64(y) ?? [])];
  return { publicKey: toBase64Url(Uint8Array.from(point)), privateKey: d };
}

/** Push services require the sender's contact, and a trial server has none. The owner's keys replace keys with it. */
export const TRIAL_SUBJECT = "mailto:nobody@example.com";
