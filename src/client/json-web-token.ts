import { createLocalJWKSet, errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { lastMomentOf } from "../protocol/signatures.ts";
import type { Settings } from "../settings/schema.ts";
import type { FetchKeys, KeySets } from "./key-sets.ts";

/** The rules that an app's tokens have to meet (`security.jwt`). */
export type TokenRules = NonNullable<Settings["security"]["jwt"]>;

export type TokenVerdict =
  /**
   * The latest time (ms) at which it may have been issued. A token without a time is revoked by any kick of its client.
   */
  { issuedAt: number } | { problem: string };

/** Algorithms with a public key only: with a shared secret, every reader of the settings could sign for any client. */
const ASYMMETRIC = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];
const CLOCK_TOLERANCE = 60; // seconds

/** Whether the text in the place of a signature is a JSON Web Token, by its form: any SDK can send one there. */
export function looksLikeJsonWebToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);
}

/**
 * Whether a token is signed as the rules require, not expired, and about this client. Rejects if its issuer's keys are
 * not known and cannot be read.
 */
export async function checkJsonWebToken(
  token: string,
  clientId: string,
  rules: TokenRules,
  context: { keySets: KeySets; fetch: FetchKeys; now: number },
): Promise<TokenVerdict> {
  const { keySets, fetch, now } = context;
  const { secret, jwksUrl, issuer, audience } = rules;
  const options: JWTVerifyOptions = {
    subject: clientId,
    requiredClaims: ["exp"],
    clockTolerance: CLOCK_TOLERANCE,
    currentDate: new Date(now),
    algorithms: secret === null ? ASYMMETRIC : ["HS256"],
    issuer: issuer ?? undefined,
    audience: audience ?? undefined,
  };
  try {
    if (secret !== null) return await verdict(token, async () => new TextEncoder().encode(secret), options);
    if (jwksUrl === null) return { problem: "no key" };
    // Each login gets its own set: jose keeps promises in it, which two logins may not share.
    const known = await keySets.get(jwksUrl, fetch, now);
    try {
      return await verdict(token, createLocalJWKSet(known), options);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const renewed = await keySets.get(jwksUrl, fetch, now, true);
      return await verdict(token, createLocalJWKSet(renewed), options);
    }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { problem: error.message };
    throw error;
  }
}

async function verdict(
  token: string,
  key: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<TokenVerdict> {
  const { payload } = await jwtVerify(token, key, options);
  return { issuedAt: payload.iat === undefined ? 0 : lastMomentOf(payload.iat * 1000) };
}
