import { Buffer } from "node:buffer";
import * as v from "valibot";
import type { Installation } from "../model/installation.ts";
import { printable } from "../printable.ts";
import { toHex } from "../protocol/hex.ts";
import { parseJson } from "../protocol/json-text.ts";
import type { Settings } from "../settings/schema.ts";
import { type ApnsKey, type ApnsRoute, apnsRouteOf } from "./apns-key.ts";
import { type ApnsContent, apnsContentOf } from "./apns-payload.ts";
import { isAppleDevice } from "./apple-devices.ts";
import {
  failedOutcome,
  goneOutcome,
  type Outcome,
  type Preview,
  type PreviewingProvider,
  retryOutcome,
  type Target,
} from "./provider.ts";
import {
  callProvider,
  eachTarget,
  type ProviderAnswer,
  type ProviderFetch,
  retryAfterOf,
} from "./provider-calls.ts";
import { wantsIncrement } from "./push-content.ts";
import type { Push } from "./push-work.ts";

/** The services that APNs pushes need. Every call has a deadline and may reject. */
export interface ApnsHost {
  /** Speaks HTTP/2. */
  fetch: ProviderFetch;
  /** The provider token of one of the keys; undefined if the key no longer exists. */
  apnsToken(teamId: string, keyId: string): Promise<string | undefined>;
  /** Reports that Apple refused this token. */
  tokenRefused(token: string): Promise<void>;
  now(): number;
}

const SERVERS = { prod: "https://api.push.apple.com", dev: "https://api.sandbox.push.apple.com" };
/** The largest payload, in bytes. */
const PAYLOAD_MAX = 4_096;
/** The longest `apns-collapse-id`, in bytes. */
const COLLAPSE_ID_MAX = 64;
/** Today 64 hexadecimal digits or more. By Apple's documentation, this may change. */
const DEVICE_TOKEN = /^[\w-]{1,400}$/;
const NO_TOKEN = "not a device token";
const BAD_TOKEN = "BadDeviceToken";
const TOKEN_NOT_TAKEN = "Apple does not take the provider token";

/** Apple's error body: `timestamp` (ms) is the time since when a device has been gone. */
const refusal = v.object({ reason: v.string(), timestamp: v.optional(v.number()) });

/** Apple's devices, by token authentication (P-20). */
export class Apns implements PreviewingProvider {
  readonly name = "apns";
  readonly #settings: Settings["push"]["apns"];
  readonly #host: ApnsHost;

  constructor(settings: Settings["push"]["apns"], host: ApnsHost) {
    this.#settings = settings;
    this.#host = host;
  }

  serves(installation: Installation): boolean {
    return installation.deviceToken !== undefined && isAppleDevice(installation);
  }

  async send(push: Push, targets: readonly Target[]): Promise<Outcome[]> {
    const tokens = new ProviderTokens(this.#host);
    return eachTarget(targets, (target) => this.#sendTo(target, push, tokens));
  }

  async #sendTo(target: Target, push: Push, tokens: ProviderTokens): Promise<Outcome> {
    const { installation } = target;
    const { deviceToken, badge } = installation;
    // An app may store anything as the token: it must not become another path.
    if (deviceToken === undefined || !DEVICE_TOKEN.test(deviceToken)) return goneOutcome(NO_TOKEN);
    const made = this.#made(push, installation, badge);
    if ("problem" in made) return failedOutcome(made.problem);
    const { route, content, body } = made;
    const server = this.#settings.url?.replace(/\/+$/, "") ?? SERVERS[push.environment];
    const url = `${server}/3/device/${deviceToken}`;
    const headers = await headersOf(push, deviceToken, route.topic, content);
    const outcome = await this.#call({ url, headers, body }, route.key, tokens);
    // The sandbox reports the token of every App Store install as bad.
    const isMistaken = outcome.outcome === "gone" && outcome.why === BAD_TOKEN && push.environment === "dev";
    return isMistaken ? failedOutcome(`${BAD_TOKEN}, perhaps one of the other server's`) : outcome;
  }

  async preview(push: Push, { installation }: Target): Promise<Preview> {
    if (!DEVICE_TOKEN.test(installation.deviceToken ?? "")) return { problem: NO_TOKEN };
    const { badge } = installation;
    const made = this.#made(push, installation, wantsIncrement(push.content) ? badge + 1 : badge);
    return "problem" in made ? made : { payload: made.content.payload };
  }

  #made(push: Push, installation: Installation, badge: number): MadeForApple | { problem: string } {
    const route = apnsRouteOf(this.#settings.keys, installation, push);
    if ("problem" in route) return route;
    const content = apnsContentOf(push.content, badge);
    const body = JSON.stringify(content.payload);
    const bytes = Buffer.byteLength(body);
    if (bytes > PAYLOAD_MAX) return { problem: `a payload of ${bytes} bytes, of ${PAYLOAD_MAX} at most` };
    return { route, content, body };
  }

  /** Sends the request, and repeats it once with another token if Apple refused the first and there is another. */
  async #call(request: ApnsRequest, key: ApnsKey, tokens: ProviderTokens): Promise<Outcome> {
    const { url, headers, body } = request;
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const current = await tokens.of(key);
      if ("outcome" in current) return current;
      const authorization = `bearer ${current.token}`;
      const answer = await callProvider(this.#host.fetch, url, {
        method: "POST",
        headers: { ...headers, authorization },
        body,
      });
      if (!isTokenRefused(answer)) return outcomeOf(answer, this.#host.now());
      await tokens.refused(key, current.token);
    }
    return retryOutcome(TOKEN_NOT_TAKEN);
  }
}

interface MadeForApple {
  route: Exclude<ApnsRoute, { problem: string }>;
  content: ApnsContent;
  body: string;
}

interface ApnsRequest {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** The provider tokens of one delivery: each is fetched once, until Apple refuses it. */
class ProviderTokens {
  readonly #host: ApnsHost;
  readonly #byKey = new Map<ApnsKey, Promise<string | undefined>>();
  readonly #refused = new Set<string>();

  constructor(host: ApnsHost) {
    this.#host = host;
  }

  /** The token for a key; or the outcome of a push for which no accepted token exists. */
  async of(key: ApnsKey): Promise<{ token: string } | Outcome> {
    const fetched = this.#byKey.get(key) ?? this.#host.apnsToken(key.teamId, key.keyId);
    this.#byKey.set(key, fetched);
    const token = await fetched;
    // The settings there no longer have the key. The next attempt uses another key, or none.
    if (token === undefined) return retryOutcome(`no APNs key ${key.keyId} any more`);
    return this.#refused.has(token) ? retryOutcome(TOKEN_NOT_TAKEN) : { token };
  }

  /** Fetches the next token once, however many devices were tried with this one. */
  async refused(key: ApnsKey, token: string): Promise<void> {
    if (this.#refused.has(token)) return;
    this.#refused.add(token);
    const { teamId, keyId } = key;
    const next = this.#host.tokenRefused(token).then(() => this.#host.apnsToken(teamId, keyId));
    this.#byKey.set(key, next);
    await next;
  }
}

async function headersOf(
  { id, expiresAt }: Push,
  deviceToken: string,
  topic: string,
  { collapseId, pushType, priority }: ApnsContent,
): Promise<Record<string, string>> {
  return {
    "content-type": "application/json",
    "apns-topic": topic,
    "apns-push-type": pushType,
    "apns-priority": String(priority),
    "apns-expiration": String(Math.floor(expiresAt / 1_000)),
    // A repetition after a lost response replaces the first push on the device.
    "apns-collapse-id": await collapseIdOf(collapseId ?? id),
    "apns-id": await apnsIdOf(id, deviceToken),
  };
}

/** An id that fits Apple's header; a longer one is replaced by its digest, which has exactly the maximum length. */
async function collapseIdOf(text: string): Promise<string> {
  if (text.length <= COLLAPSE_ID_MAX && /^[!-~]+$/.test(text)) return text;
  return toHex(await digestOf(text));
}

/** A UUID (RFC 9562, version 8), the same at every attempt. */
async function apnsIdOf(pushId: string, deviceToken: string): Promise<string> {
  const bytes = (await digestOf(`${pushId} ${deviceToken}`)).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

async function digestOf(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** The meaning of Apple's reasons for the app's owner. */
const HINTS = new Map([
  ["InvalidProviderToken", "the key, its id or its team is not what Apple has"],
  ["ExpiredProviderToken", "the clock here is wrong"],
  ["TopicDisallowed", "the key's team has no such topic (bundle id)"],
  ["DeviceTokenNotForTopic", "the device's app has another bundle id than the topic"],
  ["BadCertificateEnvironment", "the key is for Apple's other environment"],
  ["BadEnvironmentKeyInToken", "the key is for Apple's other environment"],
]);

/** The outcome of Apple's response for the device. A response in another form is a proxy's. */
function outcomeOf({ status, headers, text }: ProviderAnswer, now: number): Outcome {
  // Apple's success repeats the id and has no body.
  if (status === 200 && (headers.has("apns-id") || text === "")) return { outcome: "sent" };
  const refused = refusalIn(text);
  const why = (refused && printable(refused.reason, 100)) ?? `status ${status}: ${printable(text, 200)}`;
  if (refused === undefined || status === 429 || status >= 500) {
    return retryOutcome(why, retryAfterOf(headers, now));
  }
  if (status === 410) return goneOutcome(why, refused.timestamp);
  if (status === 400 && why === BAD_TOKEN) return goneOutcome(why);
  const hint = HINTS.get(refused.reason);
  return failedOutcome(hint === undefined ? why : `${why}: ${hint}`);
}

function isTokenRefused({ status, text }: ProviderAnswer): boolean {
  const reason = refusalIn(text)?.reason;
  return status === 403 && (reason === "ExpiredProviderToken" || reason === "InvalidProviderToken");
}

function refusalIn(text: string): v.InferOutput<typeof refusal> | undefined {
  const parsed = parseJson(text);
  const checked = v.safeParse(refusal, "value" in parsed ? parsed.value : undefined);
  return checked.success ? checked.output : undefined;
}
