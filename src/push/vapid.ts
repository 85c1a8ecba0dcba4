import { exportJWK, generateKeyPair } from "jose";
import { fromBase64, toBase64Url } from "../protocol/base64.ts";

/** The keys by which browsers' push services know a server (RFC 8292), in base64url. */
export interface VapidKeys {
  /** An uncompressed point on P-256: 65 bytes. */
  publicKey: string;
  /** 32 bytes. */
  privateKey: string;
}

/** A new pair. */
export async function newVapidKeys(): Promise<VapidKeys> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(privateKey);
  const point = [4, ...(fromBase64(x) ?? []), ...(fromBase64(y) ?? [])];
  return { publicKey: toBase64Url(Uint8Array.from(point)), privateKey: d };
}

/** Push services want to be able to reach whoever sends; of a trial, nobody can be. Keys with it give way to others. */
export const TRIAL_SUBJECT = "mailto:nobody@example.com";
