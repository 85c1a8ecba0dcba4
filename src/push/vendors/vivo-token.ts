import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Outbound } from "../../outbound/http-client.ts";
import { codeNumber, words } from "./code-number.ts";
import type { FetchedToken } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";
import { vivoWords } from "./vivo-codes.ts";

const DEADLINE = 10_000; // ms
/** vivo's tokens count for 24 hours. vivo advises to replace them every one or two. */
const RENEW_AFTER = 2 * 3_600_000; // ms

const Failed = v.object({ result: codeNumber(), desc: words() });

const Granted = v.object({
  result: v.pipe(codeNumber(), v.value(0)),
  authToken: v.pipe(v.string(), v.minLength(1)),
});

export interface VivoKeys {
  /** vivo's server, without a path. */
  server: string;
  appId: string;
  appKey: string;
  appSecret: string;
}

/**
 * Gets an access token for a signature of the app's keys and the time. Rejects, with a message fit for a log, without
 * one within 10 s.
 *
 * @param now ms
 */
export async function fetchVivoToken(keys: VivoKeys, outbound: Outbound, now: number): Promise<FetchedToken> {
  const { server, appId, appKey } = keys;
  const url = new URL(`${server}/message/auth`);
  const asked = { appId: Number(appId), appKey, timestamp: now, sign: vivoSign(keys, now) };
  const headers = { "Content-Type": "application/json" };
  const reply = await outbound.send({ url, method: "POST", headers, body: JSON.stringify(asked) }, DEADLINE);
  if ("unanswered" in reply)
    throw new Error(`no vivo token: ${url.host} does not answer: ${reply.unanswered}`);
  const granted = answerIn(Granted, reply.text);
  if (granted !== undefined) return { token: granted.authToken, renewAt: now + RENEW_AFTER };
  // Another answer is not logged: it may contain the token.
  const failed = answerIn(Failed, reply.text);
  const why =
    failed !== undefined ? vivoWords(failed) : `status ${reply.status}: an answer that is not vivo's`;
  throw new Error(`no vivo token: ${why}`);
}

/**
 * The signature of a request for a token: MD5 in lower-case hex.
 *
 * @param timestamp ms
 */
export function vivoSign({ appId, appKey, appSecret }: Omit<VivoKeys, "server">, timestamp: number): string {
  return createHash("md5")
    .update(`${Number(appId)}${appKey}${timestamp}${appSecret}`)
    .digest("hex");
}
