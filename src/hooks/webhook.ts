import { fromBase64, toBase64 } from "../protocol/base64.ts";
import { parseJson } from "../protocol/json-text.ts";
import { type Answer, failed } from "./answer.ts";
import type { Outbound } from "./outbound.ts";
import type { Told } from "./parameters.ts";

interface WebhookHost {
  outbound: Outbound;
  now(): number;
}

export interface WebhookRules {
  url: string;
  /** Null sends without a signature. */
  secret: string | null;
  timeoutMs: number;
}

/**
 * One URL that takes events as JSON, by the scheme of Standard Webhooks: `webhook-id` is the same at every attempt,
 * so that a receiver can drop what it has seen, `webhook-timestamp` (seconds) is the attempt's, and
 * `webhook-signature` covers both and the body.
 */
export class Webhook {
  readonly #rules: WebhookRules;
  readonly #host: WebhookHost;

  constructor(rules: WebhookRules, host: WebhookHost) {
    this.#rules = rules;
    this.#host = host;
  }

  /** Every status of 2xx is success; a body, if there is one, is what a hook would give as its `result`. */
  async post({ id, at, name, parameters }: Told): Promise<Answer> {
    const { url, secret, timeoutMs } = this.#rules;
    const body = JSON.stringify({ type: name, timestamp: new Date(at).toISOString(), data: parameters });
    const seconds = Math.floor(this.#host.now() / 1_000);
    const headers: Record<string, string> = {
      "Content-Type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
    };
    if (secret !== null) headers["webhook-signature"] = await signatureOf(secret, `${id}.${seconds}.${body}`);
    const call = { url: new URL(url), method: "POST" as const, headers, body };
    const reply = await this.#host.outbound.send(call, timeoutMs);
    if ("unanswered" in reply) return failed("unanswered", reply.unanswered);
    const { status, text } = reply;
    if (status < 200 || status > 299) return failed("unable", `status ${status}: ${text.slice(0, 200)}`);
    // Receivers answer in many ways that mean nothing: "ok" is one.
    const parsed = parseJson(text);
    return { outcome: "answered", result: "value" in parsed ? parsed.value : undefined };
  }
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
