import type { Outbound } from "../../outbound/http-client.ts";
import { webhookHeaders } from "../../outbound/webhook-headers.ts";
import { printable } from "../../printable.ts";
import { parseAsWritten } from "../../protocol/json-text.ts";
import { failedAnswer, type HookAnswer } from "./hook-answer.ts";
import type { HookCall } from "./hook-call.ts";

interface WebhookHost {
  outbound: Outbound;
  now(): number;
}

export interface WebhookRules {
  url: string;
  /** Null sends requests without a signature. */
  secret: string | null;
  timeoutMs: number;
}

/**
 * One URL that receives events as JSON, by the scheme of Standard Webhooks: `webhook-id` is the same at every attempt,
 * so that a receiver can drop duplicates, `webhook-timestamp` (seconds) is the attempt's, and `webhook-signature`
 * covers both and the body.
 */
export class Webhook {
  readonly #rules: WebhookRules;
  readonly #host: WebhookHost;

  constructor(rules: WebhookRules, host: WebhookHost) {
    this.#rules = rules;
    this.#host = host;
  }

  /** Every status of 2xx is success; a body counts as a hook's `result`. */
  async post({ id, at, name, parameters }: HookCall): Promise<HookAnswer> {
    const { url, secret, timeoutMs } = this.#rules;
    const body = JSON.stringify({ type: name, timestamp: new Date(at).toISOString(), data: parameters });
    const headers = await webhookHeaders(secret, { id, at: this.#host.now(), body });
    const call = { url: new URL(url), method: "POST" as const, headers, body };
    const reply = await this.#host.outbound.send(call, timeoutMs);
    if ("unanswered" in reply) return failedAnswer("unanswered", reply.unanswered);
    const { status, text } = reply;
    if (status < 200 || status > 299)
      return failedAnswer("unable", `status ${status}: ${printable(text, 200)}`);
    // Receivers send many meaningless bodies, such as "ok".
    const parsed = parseAsWritten(text);
    return { outcome: "answered", result: "value" in parsed ? parsed.value : undefined };
  }
}
