import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { printable } from "../../printable.ts";
import { parseJson } from "../../protocol/json-text.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { isFinalStatus } from "../final-status.ts";
import { failedOutcome, goneOutcome, retryOutcome } from "../provider.ts";
import { type ProviderAnswer, retryAfterOf } from "../provider-calls.ts";
import { huaweiMessage } from "./huawei-payload.ts";
import { fetchOauthToken } from "./oauth-token.ts";
import type { FetchedToken, Vendor, Verdict } from "./vendor.ts";

type Profile = ProfileOf<"hms">;

const SERVER = "https://push-api.cloud.huawei.com";
const TOKENS = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/** The delay (ms) after "too fast" without a time. */
const SLOW_DOWN = 60_000;

/** Huawei's answers by code (as documented in November 2026). */
const SENT = "80000000";
const PARTLY = "80100000";
const ALL_UNKNOWN = "80300007";
const TOKEN_REFUSED = new Set(["80200001", "80200003"]);
const TOO_FAST = new Set(["80100017"]);
const LATER = new Set(["80600003", "81000001"]);
/** Codes of the app's configuration, which only its owner can change. */
const CONFIGURATION = new Map([
  ["80200001", "the keys are refused, or are of another app"],
  ["80300002", "the app has no right to push: switch Push Kit on in AppGallery Connect"],
  ["80300011", "the app has no right to urgent data messages"],
]);

const count = v.pipe(v.union([v.number(), v.string()]), v.transform(Number));
/** Details are JSON in a text; an object is taken, too. */
const text = v.pipe(
  v.unknown(),
  v.transform((msg) => (typeof msg === "string" ? msg : (JSON.stringify(msg ?? "") ?? ""))),
);
const Answer = v.object({ code: v.union([v.string(), v.number()]), msg: v.optional(text, "") });
const Partly = v.object({
  success: v.optional(count, 0),
  illegal_tokens: v.optional(v.array(v.string()), []),
});

/** Huawei's push service for Android phones (HMS), which also serves Honor's older phones. */
export const huawei: Vendor<Profile, JsonObject> = {
  name: "hms",
  vendors: ["hms"],
  batchMax: 1_000,
  credentialsOf: huaweiCredentials,
  messageOf: huaweiMessage,
  async send(message, registrationIds, { profile, post, withToken, now }) {
    const server = (profile.url ?? SERVER).replace(/\/+$/, "");
    const url = `${server}/v1/${encodeURIComponent(profile.appId)}/messages:send`;
    const body = JSON.stringify({ message: { ...message, token: registrationIds } });
    const answer = await withToken(
      (token) =>
        post({
          url,
          headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
          body,
        }),
      isTokenRefused,
    );
    return verdictsOf(answer, registrationIds, now());
  },
};

export function huaweiCredentials({ appId, appSecret }: Profile): string {
  return JSON.stringify(["hms", appId, appSecret]);
}

/** Rejects, with a message fit for a log, without a token within 10 s. */
export function fetchHuaweiToken(
  { appId, appSecret, authUrl }: Profile,
  outbound: Outbound,
  now: number,
): Promise<FetchedToken> {
  const client = { vendor: "Huawei", url: authUrl ?? TOKENS, clientId: appId, clientSecret: appSecret };
  return fetchOauthToken(client, outbound, now);
}

function answerIn(text: string): { code: string; msg: string } | undefined {
  const parsed = parseJson(text);
  const answer = v.safeParse(Answer, "value" in parsed ? parsed.value : undefined);
  return answer.success ? { code: String(answer.output.code), msg: answer.output.msg } : undefined;
}

function isTokenRefused({ status, text }: ProviderAnswer): boolean {
  return status === 401 || TOKEN_REFUSED.has(answerIn(text)?.code ?? "");
}

function verdictsOf(answer: ProviderAnswer, registrationIds: readonly string[], now: number): Verdict[] {
  const all = (verdict: Verdict) => registrationIds.map(() => verdict);
  const { status, headers, text } = answer;
  const said = answerIn(text);
  const after = retryAfterOf(headers, now);
  if (said === undefined) {
    const why = `status ${status}: an answer that is not Huawei's`;
    if (isFinalStatus(status) && status !== 401) return all(failedOutcome(why));
    return all(retryOutcome(why, status === 503 ? (after ?? SLOW_DOWN) : after));
  }
  const { code, msg } = said;
  if (code === SENT) return all({ outcome: "sent" });
  // Its text has devices' tokens, which are not for a log.
  if (code === PARTLY) return partly(msg, registrationIds);
  const why = `code ${code}: ${printable(msg, 200)}`;
  if (code === ALL_UNKNOWN) return all({ outcome: "noneKnown", why });
  // As with FCM: the push waits for the owner to set keys that are accepted.
  if (isTokenRefused(answer)) return all(retryOutcome(`${why}${hintOf(code)}`, after));
  if (TOO_FAST.has(code) || status === 503 || status === 429)
    return all(retryOutcome(why, after ?? SLOW_DOWN));
  if (LATER.has(code) || status >= 500) return all(retryOutcome(why, after));
  return all(failedOutcome(`${why}${hintOf(code)}`));
}

function hintOf(code: string): string {
  const hint = CONFIGURATION.get(code);
  return hint === undefined ? "" : ` (${hint})`;
}

/** Some devices are unknown: named ones are gone. If no other was accepted, the keys may be of another app. */
function partly(msg: string, registrationIds: readonly string[]): Verdict[] {
  const parsed = parseJson(msg);
  const details = v.safeParse(Partly, "value" in parsed ? parsed.value : undefined);
  if (!details.success)
    return registrationIds.map(() => failedOutcome(`code ${PARTLY}: without the devices`));
  const { success, illegal_tokens: illegal } = details.output;
  const unknown = new Set(illegal);
  const why = `code ${PARTLY}: an unknown token`;
  return registrationIds.map((id): Verdict => {
    if (!unknown.has(id))
      return success > 0 ? { outcome: "sent" } : failedOutcome(`code ${PARTLY}: not accepted`);
    return success > 0 ? goneOutcome(why) : { outcome: "unknown", why };
  });
}
