import { createECDH, type ECDH, randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { importJWK, jwtVerify } from "jose";
import * as v from "valibot";
import type { WebPushSubscription } from "../../../src/model/installation.ts";
import type { JsonObject } from "../../../src/model/json.ts";
import { decryptWebPush } from "./aes128gcm.ts";
import { type Answer, ProviderServer } from "./provider-server.ts";

const DAY = 24 * 60 * 60; // seconds
/** A push service has to take no more (RFC 8030 §7.2), in bytes. */
const BODY_MAX = 4_096;

/** One push as the browser sees it, with what its service was told. */
interface BrowserPush {
  /** Of the subscription. */
  endpoint: string;
  content: JsonObject;
  ttl: number;
  urgency: string;
  topic: string | undefined;
  /** Who may be written to about it. */
  subject: string;
}

const headersOf = v.object({
  ttl: v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number)),
  urgency: v.picklist(["very-low", "low", "normal", "high"]),
  topic: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{1,32}$/))),
  "content-encoding": v.literal("aes128gcm"),
});

const claimsOf = v.object({ sub: v.pipe(v.string(), v.regex(/^(mailto:|https:)/)), exp: v.number() });

interface Browser {
  ecdh: ECDH;
  auth: Buffer;
}

/** A push service, and the browsers it serves. */
export class WebPushEndpoint extends ProviderServer {
  readonly #applicationKey: string;
  readonly #browsers = new Map<string, Browser>();
  /** What arrived at browsers, in the order it came. */
  readonly received: BrowserPush[] = [];
  /** Why it did not believe a caller. */
  readonly refused: unknown[] = [];
  /** What it does in place of taking a push, by the endpoint. */
  readonly trouble = new Map<string, Answer>();

  /** @param applicationKey the only server that may push to these subscriptions, by its VAPID public key */
  constructor(applicationKey: string) {
    super();
    this.#applicationKey = applicationKey;
  }

  /** A browser that wants to be pushed to. */
  subscribe(): WebPushSubscription {
    const { ecdh, auth, keys } = browser();
    const path = `/push/${randomBytes(8).toString("hex")}`;
    this.#browsers.set(path, { ecdh, auth });
    return { endpoint: `${this.url}${path}`, keys };
  }

  protected override async answerTo(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const browser = this.#browsers.get(request.url ?? "");
    if (request.method !== "POST" || browser === undefined) return { status: 404 };
    const endpoint = `${this.url}${request.url}`;
    const trouble = this.trouble.get(endpoint);
    if (trouble !== undefined) return trouble;
    const headers = v.safeParse(headersOf, request.headers);
    if (!headers.success) return this.#refuse(400, headers.issues);
    if (body.length > BODY_MAX) return this.#refuse(413, body.length);
    try {
      const subject = await this.#callerOf(request.headers.authorization ?? "");
      const content: JsonObject = JSON.parse(decryptWebPush(body, browser).toString());
      const { ttl, urgency, topic } = headers.output;
      this.received.push({ endpoint, content, ttl, urgency, topic, subject });
      return { status: 201, headers: { Location: `${endpoint}/${this.received.length}` } };
    } catch (error) {
      return this.#refuse(403, error);
    }
  }

  #refuse(status: number, why: unknown): Answer {
    this.refused.push(why);
    return { status, body: "no" };
  }

  /** Who calls, by VAPID (RFC 8292). Throws for anybody whom the subscriptions are not for. */
  async #callerOf(authorization: string): Promise<string> {
    const [, token = "", key = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
    if (key !== this.#applicationKey) throw new Error(`not for ${authorization}`);
    const publicKey = await vapidPublicKey(key);
    const options = { audience: this.url, algorithms: ["ES256"], requiredClaims: ["exp", "sub"] };
    const { sub, exp } = v.parse(claimsOf, (await jwtVerify(token, publicKey, options)).payload);
    if (exp > Date.now() / 1_000 + DAY) throw new Error("signed for more than a day");
    return sub;
  }
}

/** What a browser makes for a subscription, and as much of it as it tells. */
export function browser(): Browser & Pick<WebPushSubscription, "keys"> {
  const ecdh = createECDH("prime256v1");
  const p256dh = ecdh.generateKeys("base64url");
  const auth = randomBytes(16);
  return { ecdh, auth, keys: { p256dh, auth: auth.toString("base64url") } };
}

/** @param key in base64url */
export function vapidPublicKey(key: string) {
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  return importJWK({ kty: "EC", crv: "P-256", x, y }, "ES256");
}

/** The keys by which a server is known to push services, as the settings take them. */
export function vapidKeys(subject = "mailto:tom@example.com") {
  const ecdh = createECDH("prime256v1");
  const publicKey = ecdh.generateKeys("base64url");
  // A key that begins with a zero byte comes out shorter.
  const privateKey = Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()])
    .subarray(-32)
    .toString("base64url");
  return { publicKey, privateKey, subject };
}
