import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { failedOutcome, goneOutcome } from "../provider.ts";
import type { ProviderAnswer } from "../provider-calls.ts";
import { type CodeTable, verdictByCode, verdictOnStranger } from "./code-table.ts";
import { huaweiMessage } from "./huawei-payload.ts";
import { fetchOauthToken } from "./oauth-token.ts";
import type { FetchedToken, Vendor, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

type Profile = ProfileOf<"hms">;

const SERVER = "https://push-api.cloud.huawei.com";
const TOKENS = "https://oauth-login.cloud.huawei.com/oauth2/v3/token";
/** Huawei's answers by code (as documented in November 2026). */
const SENT = "80000000";
const PARTLY = "80100000";
const ALL_UNKNOWN = "80300007";
const TOKEN_REFUSED = new Set(["80200001", "80200003"]);
const CODES: CodeTable = {
  "80200001": ["keys", "the keys are refused, or are of another app"],
  "80200003": ["keys"],
  "80100017": ["too fast"],
  "80600003": ["later"],
  "81000001": ["later"],
  "80300002": ["failed", "the app has no right to push: switch Push Kit on in AppGallery Connect"],
  "80300011": ["failed", "the app has no right to urgent data messages"],
};

const count = v.pipe(v.union([v.number(), v.string()]), v.transform(Number));
/** Details are JSON in a text; an object is taken, too. */
const text = v.pipe(
  v.unknown(),
  v.transform((msg) => (typeof msg === "string" ? msg : (JSON.stringify(msg ?? "") ?? ""))),
);
const Answer = v.object({
  code: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
  msg: v.optional(text, ""),
});
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
    const url = `${serverAt(profile.url, SERVER)}/v1/${encodeURIComponent(profile.appId)}/messages:send`;
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

function isTokenRefused({ status, text }: ProviderAnswer): boolean {
  return status === 401 || TOKEN_REFUSED.has(answerIn(Answer, text)?.code ?? "");
}

function verdictsOf(answer: ProviderAnswer, registrationIds: readonly string[], now: number): Verdict[] {
  const all = (verdict: Verdict) => registrationIds.map(() => verdict);
  const said = answerIn(Answer, answer.text);
  const limited = asLimited(answer);
  if (said === undefined) return all(verdictOnStranger("Huawei", limited, now));
  const { code, msg } = said;
  if (code === SENT) return all({ outcome: "sent" });
  // Its text has devices' tokens, which are not for a log.
  if (code === PARTLY) return partly(msg, registrationIds);
  const verdict = verdictByCode({ code, words: msg }, CODES, limited, now);
  return all(
    code === ALL_UNKNOWN && verdict.outcome === "failed"
      ? { outcome: "noneKnown", why: verdict.why }
      : verdict,
  );
}

/** Huawei's and Honor's flow control has the status 503, which is 429 elsewhere. */
export function asLimited(answer: ProviderAnswer): ProviderAnswer {
  return answer.status === 503 ? { ...answer, status: 429 } : answer;
}

/** Some devices are unknown: named ones are gone. If no other was accepted, the keys may be of another app. */
function partly(msg: string, registrationIds: readonly string[]): Verdict[] {
  const details = answerIn(Partly, msg);
  if (details === undefined)
    return registrationIds.map(() => failedOutcome(`code ${PARTLY}: without the devices`));
  const { success, illegal_tokens: illegal } = details;
  const unknown = new Set(illegal);
  const why = `code ${PARTLY}: an unknown token`;
  return registrationIds.map((id): Verdict => {
    if (!unknown.has(id))
      return success > 0 ? { outcome: "sent" } : failedOutcome(`code ${PARTLY}: not accepted`);
    return success > 0 ? goneOutcome(why) : { outcome: "unknown", why };
  });
}
