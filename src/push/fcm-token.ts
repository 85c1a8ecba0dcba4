import { importPKCS8, SignJWT } from "jose";
import * as v from "valibot";
import type { Outbound } from "../outbound/http-client.ts";
import { printable } from "../printable.ts";
import { parseJson } from "../protocol/json-text.ts";
import type { Settings } from "../settings/schema.ts";

export type ServiceAccount = NonNullable<Settings["push"]["fcm"]["serviceAccount"]>;

export interface FcmToken {
  token: string;
  /** Milliseconds. */
  expiresAt: number;
}

const SCOPE = "https://www.googleapis.com/auth/firebase.messaging";
const GOOGLE = "https://oauth2.googleapis.com/token";
const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** The longest lifetime of an assertion that Google accepts, in seconds. */
const ASSERTION_EXPIRY = 60 * 60;
const DEADLINE = 10_000; // ms

const granted = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.pipe(v.number(), v.minValue(0)),
});

/**
 * Exchanges a service account's signature for an access token (RFC 7523). Rejects, with a message fit for a log, if
 * Google does not return one within 10 s.
 */
export async function exchangeForFcmToken(
  account: ServiceAccount,
  outbound: Outbound,
  now: number,
): Promise<FcmToken> {
  const { token_uri: address = GOOGLE } = account;
  const assertion = await assertionOf(account, address, now);
  const body = new URLSearchParams({ grant_type: GRANT_TYPE, assertion });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call = { url: new URL(address), method: "POST" as const, headers, body: body.toString() };
  const reply = await outbound.send(call, DEADLINE);
  const host = new URL(address).host;
  if ("unanswered" in reply) throw new Error(`no FCM token: ${host} does not answer: ${reply.unanswered}`);
  const { status, text } = reply;
  if (status !== 200)
    throw new Error(
      `no FCM token: ${host} answers with status ${status}${hintOf(text)}: ${printable(text, 200)}`,
    );
  const parsed = parseJson(text);
  const checked = v.safeParse(granted, "value" in parsed ? parsed.value : undefined);
  // The response is not logged: it may contain the token.
  if (!checked.success) throw new Error("no FCM token: an answer that is none of Google's");
  const { access_token: token, expires_in: seconds } = checked.output;
  return { token, expiresAt: now + seconds * 1_000 };
}

async function assertionOf(account: ServiceAccount, audience: string, now: number): Promise<string> {
  const { client_email: email, private_key: pem } = account;
  const seconds = Math.floor(now / 1_000);
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({ alg: "RS256", typ: "JWT" })
    .setIssuer(email)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_EXPIRY)
    .sign(await importPKCS8(pem.trim(), "RS256"));
}

/** The meaning of Google's errors for the app's owner. */
function hintOf(text: string): string {
  if (text.includes("invalid_grant"))
    return ", so the service account's key does not count any more, or the clock here is wrong";
  return text.includes("invalid_client") ? ", so there is no such service account" : "";
}
