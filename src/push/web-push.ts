import { encryptNotification } from "@block65/webcrypto-web-push";
import { importJWK, SignJWT } from "jose";
import { loggableError } from "../loggable-error.ts";
import type { Installation, WebPushSubscription } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import type { Outbound } from "../outbound/http-client.ts";
import { printable } from "../printable.ts";
import { fromBase64, toBase64Url } from "../protocol/base64.ts";
import { isFinalStatus } from "./final-status.ts";
import {
  failedOutcome,
  goneOutcome,
  type Outcome,
  type Preview,
  type PreviewingProvider,
  retryOutcome,
  type Target,
} from "./provider.ts";
import { callProvider, eachTarget, type ProviderAnswer, retryAfterOf } from "./provider-calls.ts";
import { contentFor } from "./push-content.ts";
import type { Push } from "./push-work.ts";

/** Push services accept at least 4,096 bytes, of which encryption needs some (RFC 8291 §4). */
const PLAINTEXT_MAX = 3_993;
/** The lifetime of a signature in seconds; at most a day (RFC 8292 §2). */
const SIGNATURE_LIFE = 12 * 60 * 60;
/** A service with so many unanswered calls in a row is not called again in this delivery. */
const UNANSWERED_MAX = 3;

const URGENCIES = ["very-low", "low", "normal", "high"];
/** The form of a topic (RFC 8030 §5.4). */
const TOPIC = /^[\w-]{1,32}$/;

/** The server's keys for push services, as in the settings. */
export interface VapidSettings {
  publicKey: string;
  privateKey: string;
  subject: string;
}

export interface WebPushHost {
  outbound: Outbound;
  now(): number;
}

type Signer = (origin: string) => Promise<string>;

/** Browsers, through the push services that their subscriptions name. */
export class WebPush implements PreviewingProvider {
  readonly name = "webPush";
  readonly #keys: VapidSettings;
  readonly #host: WebPushHost;

  constructor(keys: VapidSettings, host: WebPushHost) {
    this.#keys = keys;
    this.#host = host;
  }

  serves({ subscription }: Installation): boolean {
    return subscription !== undefined;
  }

  /**
   * Pushes the content for `web`, with the push's id as `_id`: no content key begins with `_`, so a service worker can
   * recognize pushes that it has shown.
   */
  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    const content = contentFor(push.content, "web");
    const made = bodyOf(push, content);
    if ("problem" in made) return targets.map(() => failedOutcome(made.problem));
    const { body } = made;
    let sign: Signer;
    try {
      sign = await this.#signer();
    } catch (error) {
      return targets.map(() => failedOutcome(`no use of the VAPID keys: ${loggableError(error)}`));
    }
    const headers = { ...(await this.#headers(push, content)), "Content-Type": "application/octet-stream" };
    // Per service, not over all targets: anybody can name one that never responds, and others must not wait for it.
    const unanswered = new Map<string, number>();
    return eachTarget(targets, async ({ installation: { subscription } }) => {
      const service = serviceOf(subscription, this.#host.outbound);
      if (subscription === undefined || service === undefined) return failedOutcome(NO_ENDPOINT);
      const waitedFor = unanswered.get(service) ?? 0;
      if (waitedFor >= UNANSWERED_MAX) return retryOutcome("not tried: its push service does not answer");
      const encrypted = await encryptedFor(subscription, body);
      if (encrypted === undefined) return failedOutcome("no use of its subscription's keys");
      try {
        const signed = { ...headers, Authorization: await sign(service) };
        const answer = await this.#post(subscription.endpoint, signed, encrypted);
        unanswered.delete(service);
        return outcomeOf(answer, this.#host.now());
      } catch (error) {
        unanswered.set(service, (unanswered.get(service) ?? 0) + 1);
        return retryOutcome(loggableError(error));
      }
    });
  }

  async preview(push: Push, { installation: { subscription } }: Target): Promise<Preview> {
    if (serviceOf(subscription, this.#host.outbound) === undefined) return { problem: NO_ENDPOINT };
    const made = bodyOf(push, contentFor(push.content, "web"));
    return "problem" in made ? made : { payload: made.payload };
  }

  async #headers(push: Push, { urgency }: JsonObject): Promise<Record<string, string>> {
    const seconds = Math.max(0, Math.ceil((push.expiresAt - this.#host.now()) / 1_000));
    return {
      TTL: String(seconds),
      Urgency: typeof urgency === "string" && URGENCIES.includes(urgency) ? urgency : "high",
      Topic: await topicOf(push.id),
      "Content-Encoding": "aes128gcm",
    };
  }

  /** Creates the caller's signature for a push service, by its origin (RFC 8292). */
  async #signer(): Promise<Signer> {
    const { publicKey, privateKey, subject } = this.#keys;
    const point = fromBase64(publicKey) ?? new Uint8Array();
    const [x, y] = [point.slice(1, 33), point.slice(33)].map(toBase64Url);
    const key = await importJWK({ kty: "EC", crv: "P-256", x, y, d: privateKey }, "ES256");
    const sign = async (origin: string) => {
      const until = Math.floor(this.#host.now() / 1_000) + SIGNATURE_LIFE;
      const claims = new SignJWT({ aud: origin, exp: until, sub: subject });
      const signed = await claims.setProtectedHeader({ typ: "JWT", alg: "ES256" }).sign(key);
      return `vapid t=${signed}, k=${publicKey}`;
    };
    // Most browsers of a delivery have the same few services.
    const byOrigin = new Map<string, Promise<string>>();
    return (origin) => {
      const signed = byOrigin.get(origin) ?? sign(origin);
      byOrigin.set(origin, signed);
      return signed;
    };
  }

  #post(
    url: string,
    headers: Record<string, string>,
    body: Uint8Array<ArrayBuffer>,
  ): Promise<ProviderAnswer> {
    const { outbound } = this.#host;
    return callProvider((url, init) => outbound.fetch(url, init), url, { method: "POST", headers, body });
  }
}

const NO_ENDPOINT = "no endpoint to be called";

/** What a browser decrypts. */
function bodyOf(
  { id }: Push,
  content: JsonObject,
): { payload: JsonObject; body: ReturnType<TextEncoder["encode"]> } | { problem: string } {
  const payload = { ...content, _id: id };
  const body = new TextEncoder().encode(JSON.stringify(payload));
  return body.length > PLAINTEXT_MAX
    ? { problem: `content of more than ${PLAINTEXT_MAX} bytes` }
    : { payload, body };
}

/**
 * The origin of an allowed push service; undefined otherwise. A subscription comes from a client, which can write
 * anything.
 */
function serviceOf(subscription: WebPushSubscription | undefined, outbound: Outbound): string | undefined {
  if (subscription === undefined || !URL.canParse(subscription.endpoint)) return undefined;
  const url = new URL(subscription.endpoint);
  return outbound.allows(url) ? url.origin : undefined;
}

/** Encrypts for one browser (RFC 8291); undefined if its keys are invalid. */
async function encryptedFor(
  subscription: WebPushSubscription,
  body: Uint8Array,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return await encryptNotification({ ...subscription, expirationTime: null }, body);
  } catch {
    return undefined;
  }
}

/** A waiting push is replaced by its own repetition, and by no other. */
async function topicOf(id: string): Promise<string> {
  if (TOPIC.test(id)) return id;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  return toBase64Url(new Uint8Array(digest).subarray(0, 24));
}

/** The outcome of a response for the subscription (RFC 8030 §5, §7.3). */
function outcomeOf({ status, headers, text }: ProviderAnswer, now: number): Outcome {
  if (status >= 200 && status <= 299) return { outcome: "sent" };
  const why = `status ${status}: ${printable(text, 200)}`;
  if (status === 404 || status === 410) return goneOutcome(why);
  if (isFinalStatus(status)) return failedOutcome(why);
  return retryOutcome(why, retryAfterOf(headers, now));
}
