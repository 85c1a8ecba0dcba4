import { fromBase64, toBase64 } from "../protocol/base64.ts";

/** A call to somebody's own server, by the scheme of Standard Webhooks. */
export interface WebhookCall {
  /** The same at every attempt, so that a receiver can drop what it has seen. */
  id: string;
  /** When the attempt is made (ms). */
  at: number;
  body: string;
}

/** The headers of a call. The signature covers them and the body, unless there is no secret. */
export async function webhookHeaders(
  secret: string | null,
  { id, at, body }: WebhookCall,
): Promise<Record<string, string>> {
  const seconds = Math.floor(at / 1_000);
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
  };
  if (secret !== null) headers["webhook-signature"] = await signatureOf(secret, `${id}.${seconds}.${body}`);
  return headers;
}

async function signatureOf(secret: string, signed: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", keyOf(secret), algorithm, false, ["sign"]);
  const digest = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `v1,${toBase64(new Uint8Array(digest))}`;
}

/** Base64 after `whsec_`, as libraries for receivers read it; any other text is the key itself, in UTF-8. */
function keyOf(secret: string): Uint8Array {
  const key = secret.startsWith("whsec_") ? fromBase64(secret.slice("whsec_".length)) : undefined;
  return key === undefined || key.length === 0 ? new TextEncoder().encode(secret) : key;
}
