import { loggableError } from "../loggable-error.ts";
import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outbound } from "../outbound/http-client.ts";
import { webhookHeaders } from "../outbound/webhook-headers.ts";
import { printable } from "../printable.ts";
import { toHex } from "../protocol/hex.ts";
import { isFinalStatus } from "./final-status.ts";
import {
  failedOutcome,
  type Outcome,
  type Preview,
  type PreviewingProvider,
  retryOutcome,
  type Target,
} from "./provider.ts";
import { callProvider, type ProviderAnswer, retryAfterOf } from "./provider-calls.ts";
import type { Push } from "./push-work.ts";

export interface PushWebhookRules {
  url: string;
  /** Null sends requests without a signature. */
  secret: string | null;
}

export interface PushWebhookHost {
  outbound: Outbound;
  now(): number;
  /** A device in the HTTP API's form. */
  installationJson(installation: Installation): JsonObject;
}

/**
 * The app's own push server, for devices that no other provider serves (P-04): one call for all devices of a delivery.
 */
export class PushWebhook implements PreviewingProvider {
  readonly name = "webhook";
  readonly #rules: PushWebhookRules;
  readonly #host: PushWebhookHost;

  constructor(rules: PushWebhookRules, host: PushWebhookHost) {
    this.#rules = rules;
    this.#host = host;
  }

  serves(): boolean {
    return true;
  }

  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    let outcome: Outcome;
    try {
      outcome = outcomeOf(await this.#post(push, targets), this.#host.now());
    } catch (error) {
      outcome = retryOutcome(loggableError(error));
    }
    return targets.map(() => outcome);
  }

  async preview({ content, expiresAt }: Push): Promise<Preview> {
    return { payload: { payload: content, expiresAt } };
  }

  /** Rejects without a response. */
  async #post(push: Push, targets: readonly Target[]): Promise<ProviderAnswer> {
    const { url, secret } = this.#rules;
    const { outbound, now, installationJson } = this.#host;
    const recipients = targets.map(({ clientId = null, installation }) => {
      return { clientId, installation: installationJson(installation) };
    });
    const { conversationId = null, messageId = null } = push.cause.type === "message" ? push.cause : {};
    const { content: payload, expiresAt } = push;
    const body = JSON.stringify({ conversationId, messageId, payload, expiresAt, recipients });
    const call = { id: await idOf(push, targets), at: now(), body };
    const headers = await webhookHeaders(secret, call);
    return callProvider((url, init) => outbound.fetch(url, init), url, { method: "POST", headers, body });
  }
}

/** The same for the same push to the same devices at every attempt: the receiver recognizes repetitions by it. */
async function idOf({ id }: Push, targets: readonly Target[]): Promise<string> {
  const whose = targets.map(({ clientId = null, installation }) => [installation.id, clientId]);
  const named = new TextEncoder().encode(JSON.stringify([id, ...whose]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  return `push_${toHex(digest.subarray(0, 16))}`;
}

function outcomeOf({ status, headers, text }: ProviderAnswer, now: number): Outcome {
  if (status >= 200 && status <= 299) return { outcome: "sent" };
  const why = `status ${status}: ${printable(text, 200)}`;
  if (isFinalStatus(status)) return failedOutcome(why);
  return retryOutcome(why, retryAfterOf(headers, now));
}
