import * as v from "valibot";
import type { Outbound } from "../../outbound/http-client.ts";
import { printable } from "../../printable.ts";
import { withoutSecrets } from "./secret-texts.ts";
import type { FetchedToken } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

const DEADLINE = 10_000; // ms
/** A token is not used in its last minutes, so that calls in progress can end. */
const RESERVE = 5 * 60_000; // ms

const granted = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  expires_in: v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.number(), v.minValue(1)),
});

export interface ClientCredentials {
  /** For messages. */
  vendor: string;
  url: string;
  clientId: string;
  clientSecret: string;
}

/**
 * Gets an access token for client credentials (RFC 6749, 4.4), as Huawei and Honor give it. Rejects, with a message fit
 * for a log, without one within 10 s.
 */
export async function fetchOauthToken(
  { vendor, url, clientId, clientSecret }: ClientCredentials,
  outbound: Outbound,
  now: number,
): Promise<FetchedToken> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call = { url: new URL(url), method: "POST" as const, headers, body: form.toString() };
  const reply = await outbound.send(call, DEADLINE);
  const { host } = call.url;
  if ("unanswered" in reply)
    throw new Error(`no ${vendor} token: ${host} does not answer: ${reply.unanswered}`);
  if (reply.status !== 200)
    throw new Error(
      `no ${vendor} token: ${host} answers with status ${reply.status}: ${printable(withoutSecrets(reply.text, [clientSecret]), 200)}`,
    );
  const answer = answerIn(granted, reply.text);
  // It is not logged: it may contain the token.
  if (answer === undefined) throw new Error(`no ${vendor} token: an answer that is none of ${vendor}'s`);
  const { access_token: token, expires_in: seconds } = answer;
  const lifetime = seconds * 1_000;
  return { token, renewAt: now + Math.max(lifetime - RESERVE, lifetime / 2) };
}
