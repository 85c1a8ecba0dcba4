import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { failedOutcome, goneOutcome } from "../provider.ts";
import type { ProviderAnswer } from "../provider-calls.ts";
import { verdictByCode, verdictOnStranger } from "./code-table.ts";
import { honorMessage } from "./honor-payload.ts";
import { asLimited } from "./huawei.ts";
import { fetchOauthToken } from "./oauth-token.ts";
import type { FetchedToken, Vendor, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

type Profile = ProfileOf<"honor">;

const SERVER = "https://push-api.cloud.honor.com";
const TOKENS = "https://iam.developer.honor.com/auth/token";

/** The code of success, as programs in use have it; Honor's own table was not found (November 2026). */
const SENT = "200";

const texts = () => v.optional(v.nullable(v.array(v.string())));
const Answer = v.object({
  code: v.pipe(v.union([v.number(), v.string()]), v.transform(String)),
  message: v.optional(v.nullable(v.string())),
  data: v.optional(
    v.nullable(
      v.object({
        sendResult: v.optional(v.nullable(v.boolean())),
        failTokens: texts(),
        expireTokens: texts(),
      }),
    ),
  ),
});

/** Honor's push service, for phones with Honor's own. */
export const honor: Vendor<Profile, JsonObject> = {
  name: "honor",
  vendors: ["honor"],
  // Not documented: what one delivery has at most.
  batchMax: 100,
  credentialsOf: honorCredentials,
  messageOf: honorMessage,
  async send(message, registrationIds, { profile, post, withToken, now }) {
    const url = `${serverAt(profile.url, SERVER)}/api/v1/${encodeURIComponent(profile.appId)}/sendMessage`;
    const body = JSON.stringify({ ...message, token: registrationIds });
    const answer = await withToken(
      (token) => {
        const authorization = { Authorization: `Bearer ${token}`, timestamp: String(now()) };
        return post({ url, headers: { ...authorization, "Content-Type": "application/json" }, body });
      },
      ({ status }) => status === 401,
    );
    return verdictsOf(answer, registrationIds, now());
  },
};

export function honorCredentials({ appId, clientId, clientSecret }: Profile): string {
  return JSON.stringify(["honor", appId, clientId, clientSecret]);
}

/** Rejects, with a message fit for a log, without a token within 10 s. */
export function fetchHonorToken(
  { clientId, clientSecret, authUrl }: Profile,
  outbound: Outbound,
  now: number,
): Promise<FetchedToken> {
  return fetchOauthToken({ vendor: "Honor", url: authUrl ?? TOKENS, clientId, clientSecret }, outbound, now);
}

function verdictsOf(answer: ProviderAnswer, registrationIds: readonly string[], now: number): Verdict[] {
  const all = (verdict: Verdict) => registrationIds.map(() => verdict);
  const said = answerIn(Answer, answer.text);
  const limited = asLimited(answer);
  if (said === undefined) return all(verdictOnStranger("Honor", limited, now));
  const { code, message, data } = said;
  // Honor's codes are not known, so its statuses decide.
  const otherwise = verdictByCode({ code, words: message ?? "" }, {}, limited, now);
  if (otherwise.outcome !== "failed") return all(otherwise);
  const { why } = otherwise;
  const [expired, failed] = [new Set(data?.expireTokens), new Set(data?.failTokens)];
  const isListed = (id: string) => expired.has(id) || failed.has(id);
  const isPartial = data?.sendResult === false && registrationIds.some(isListed);
  const isSent = data?.sendResult === true || (code === SENT && (data?.sendResult !== false || isPartial));
  const isSentToSome = isSent && !registrationIds.every(isListed);
  return registrationIds.map((id): Verdict => {
    if (failed.has(id)) return failedOutcome(`${why}: not accepted for this token`);
    if (!expired.has(id)) return isSent ? { outcome: "sent" } : failedOutcome(why);
    const expiry = `${why}: the token has expired`;
    // If no other was accepted, the keys may be of another app.
    return isSentToSome ? goneOutcome(expiry) : { outcome: "unknown", why: expiry };
  });
}
