import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Outbound } from "../../outbound/http-client.ts";
import { codeNumber, words } from "./code-number.ts";
import { oppoWords } from "./oppo-codes.ts";
import type { FetchedToken } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

const DEADLINE = 10_000; // ms
const MINUTE = 60_000; // ms
/** OPPO's tokens count for 24 hours; in the last one they are not used. */
const LIFETIME = 23 * 60 * MINUTE;

const Failed = v.object({ code: codeNumber(), message: words() });

const Granted = v.object({
  code: v.pipe(codeNumber(), v.value(0)),
  data: v.object({
    auth_token: v.pipe(v.string(), v.minLength(1)),
    /** When OPPO made it (ms). */
    create_time: v.fallback(v.optional(v.number()), undefined),
  }),
});

export interface OppoKeys {
  /** OPPO's server, without a path. */
  server: string;
  appKey: string;
  masterSecret: string;
}

/**
 * Gets an access token for a signature of the app's key and the time. Rejects, with a message fit for a log, without
 * one within 10 s.
 *
 * @param now ms
 */
export async function fetchOppoToken(
  { server, appKey, masterSecret }: OppoKeys,
  outbound: Outbound,
  now: number,
): Promise<FetchedToken> {
  const url = new URL(`${server}/server/v1/auth`);
  const timestamp = String(now);
  const sign = oppoSign(appKey, timestamp, masterSecret);
  const body = new URLSearchParams({ app_key: appKey, timestamp, sign }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const reply = await outbound.send({ url, method: "POST", headers, body }, DEADLINE);
  if ("unanswered" in reply)
    throw new Error(`no OPPO token: ${url.host} does not answer: ${reply.unanswered}`);
  const granted = answerIn(Granted, reply.text);
  if (granted !== undefined) {
    const { auth_token: token, create_time: madeAt } = granted.data;
    return { token, renewAt: Math.max(now + MINUTE, Math.min(madeAt ?? now, now) + LIFETIME) };
  }
  // Another answer is not logged: it may contain the token.
  const failed = answerIn(Failed, reply.text);
  const why =
    failed !== undefined ? oppoWords(failed) : `status ${reply.status}: an answer that is not OPPO's`;
  throw new Error(`no OPPO token: ${why}`);
}

/** The signature of a request for a token: SHA-256 in lower-case hex. */
export function oppoSign(appKey: string, timestamp: string, masterSecret: string): string {
  return createHash("sha256").update(`${appKey}${timestamp}${masterSecret}`).digest("hex");
}
