import { fromBase64, toBase64Url } from "../protocol/base64.ts";

/**
 * The claims of a token: they suffice for a login with a token alone (wire §4.1: JavaScript logs in again that way).
 */
export interface SessionClaims {
  clientId: string;
  tag: string | undefined;
  deviceId: string | undefined;
  capabilities: number | undefined;
  /** How often the tag had moved to another device when the token was issued; 0 without a tag. */
  generation: number;
  /** Whether the login proved the client's identity: once the app requires that, no other token is valid. */
  proven: boolean;
}

/** The claims of a token, and when it was issued (ms): a later kick revokes it. */
export type IssuedClaims = SessionClaims & { issuedAt: number };

/**
 * Seconds. Long, since JavaScript logs in again without a signature; at most 2,147,483, which Java turns into ms in 32
 * bits.
 */
export const TOKEN_LIFETIME = 14 * 24 * 60 * 60;

type Payload = {
  v: 1;
  c: string;
  t?: string;
  d?: string;
  b?: number;
  g?: number;
  p?: 1;
  i?: number;
  e: number;
};

const encoder = new TextEncoder();

/**
 * Session tokens (`st`) of one app: claims signed with HMAC-SHA256 under a key derived from its master key. Clients
 * hold the tokens: if they were signed with the master key itself, one token would be enough to test guesses of the key
 * that also signs logins.
 */
export class SessionTokens {
  readonly #appId: string;
  readonly #masterKey: string;

  constructor(appId: string, masterKey: string) {
    this.#appId = appId;
    this.#masterKey = masterKey;
  }

  async issue(claims: SessionClaims, issuedAt: number): Promise<string> {
    const { clientId, tag, deviceId, capabilities, generation, proven } = claims;
    const expiresAt = issuedAt + TOKEN_LIFETIME * 1000;
    const payload: Payload = {
      v: 1,
      c: clientId,
      t: tag,
      d: deviceId,
      b: capabilities,
      g: generation === 0 ? undefined : generation,
      p: proven ? 1 : undefined,
      i: issuedAt,
      e: expiresAt,
    };
    const body = toBase64Url(encoder.encode(JSON.stringify(payload)));
    const signature = await crypto.subtle.sign("HMAC", await this.#signingKey(), this.#signed(body));
    return `${body}.${toBase64Url(new Uint8Array(signature))}`;
  }

  /** The claims of a token issued here to this client and not expired; undefined for any other text (4112). */
  async verify(token: string, clientId: string, now: number): Promise<IssuedClaims | undefined> {
    const [body, signature, ...more] = token.split(".");
    if (body === undefined || signature === undefined || more.length > 0) return undefined;
    const bytes = fromBase64(signature);
    // subtle.verify compares in constant time (I12).
    const genuine =
      bytes !== undefined &&
      (await crypto.subtle.verify("HMAC", await this.#signingKey(), bytes, this.#signed(body)));
    const json = genuine ? fromBase64(body) : undefined;
    if (json === undefined) return undefined;
    const payload: Payload = JSON.parse(new TextDecoder().decode(json));
    if (payload.c !== clientId || payload.e <= now) return undefined;
    const { t: tag, d: deviceId, b: capabilities, g: generation = 0, i: issuedAt = 0 } = payload;
    const proven = payload.p === 1;
    return { clientId, tag, deviceId, capabilities, generation, proven, issuedAt };
  }

  #signed(body: string): Uint8Array {
    return encoder.encode(`session:${this.#appId}:${body}`);
  }

  /** Only the finished key is shared: a promise belongs to one request, which may end before it. */
  async #signingKey(): Promise<CryptoKey> {
    const name = JSON.stringify([this.#appId, this.#masterKey]);
    const known = signingKeys.get(name);
    if (known !== undefined) return known;
    const key = await derivedKey(this.#masterKey, this.#appId);
    signingKeys.set(name, key);
    return key;
  }
}

/** Of this isolate, which has one app. To derive a key takes four times as long as to sign with it. */
const signingKeys = new Map<string, CryptoKey>();

async function derivedKey(masterKey: string, appId: string): Promise<CryptoKey> {
  if (!masterKey) throw new Error("MASTER_KEY is not set"); // with an empty key, anybody could sign
  const master = await crypto.subtle.importKey("raw", encoder.encode(masterKey), "HKDF", false, [
    "deriveKey",
  ]);
  const derivation = {
    name: "HKDF",
    hash: "SHA-256",
    salt: encoder.encode(appId),
    info: encoder.encode("parley session tokens"),
  };
  const algorithm = { name: "HMAC", hash: "SHA-256", length: 256 };
  return crypto.subtle.deriveKey(derivation, master, algorithm, false, ["sign", "verify"]);
}
