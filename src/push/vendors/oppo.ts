import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import type { Outbound } from "../../outbound/http-client.ts";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { type ProviderAnswer, retryAfterOf } from "../provider-calls.ts";
import { codeNumber, words } from "./code-number.ts";
import { verdictOnStranger } from "./code-table.ts";
import { isOppoTokenRefused, type OppoResult, oppoVerdict } from "./oppo-codes.ts";
import { oppoNotification } from "./oppo-payload.ts";
import { fetchOppoToken } from "./oppo-token.ts";
import type { FetchedToken, Vendor, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

type Profile = ProfileOf<"oppo">;

const SERVER = "https://api.push.oppomobile.com";
/** Phones that registered abroad have a server and an access token of their own. */
const ABROAD = "abroad";
const SERVER_ABROAD = "https://api-intl.push.oppomobile.com";

/** A message's target is one registration id. */
const REGISTRATION_ID = 2;

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

const Answer = v.object({ code: codeNumber(), message: words(), data: v.optional(v.unknown()) });

/** What a batch's answer has for a device; without a code it was accepted. */
const Result = v.object({
  registrationId: v.string(),
  errorCode: v.optional(v.nullable(codeNumber())),
  errorMessage: words(),
});

/** OPPO's push service, which also serves OnePlus and realme. */
export const oppo: Vendor<Profile, JsonObject> = {
  name: "oppo",
  vendors: ["oppo"],
  batchMax: 1_000,
  credentialsOf: oppoCredentials,
  regionOf: (registrationId) => (isChinese(registrationId) ? undefined : ABROAD),
  messageOf: oppoNotification,
  async send(notification, registrationIds, { profile, region, post, withToken, now }) {
    const path = registrationIds.length === 1 ? "unicast" : "unicast_batch";
    const url = `${serverOf(profile, region)}/server/v1/message/notification/${path}`;
    const messages = encodedMessages(notification, registrationIds);
    const answer = await withToken(
      (token) => post({ url, headers: FORM, body: `auth_token=${encodeURIComponent(token)}&${messages}` }),
      ({ text }) => isOppoTokenRefused(answerIn(Answer, text)),
    );
    return verdictsOf(answer, registrationIds, now());
  },
};

export function oppoCredentials({ appKey, masterSecret }: Profile): string {
  return JSON.stringify(["oppo", appKey, masterSecret]);
}

/** Fetches tokens for a region. Rejects, with a message fit for a log, without one within 10 s. */
export function fetchOppoTokenFor(region: string | undefined) {
  return (profile: Profile, outbound: Outbound, now: number): Promise<FetchedToken> =>
    fetchOppoToken({ ...profile, server: serverOf(profile, region) }, outbound, now);
}

function serverOf({ url, abroadUrl }: Profile, region: string | undefined): string {
  return region === ABROAD ? serverAt(abroadUrl, SERVER_ABROAD) : serverAt(url, SERVER);
}

/** An id begins with the maker and the region, with the region, or with neither, which is China's. */
function isChinese(registrationId: string): boolean {
  const parts = registrationId.split("_");
  return parts.length === 1 || parts.at(-2) === "CN";
}

/**
 * The messages as a field of a form: one message, or a list of several. The notification is the same in each, so it is
 * encoded once: its extras may be long.
 */
function encodedMessages(notification: JsonObject, registrationIds: readonly string[]): string {
  const rest = encoded(`,"notification":${JSON.stringify(notification)}}`);
  const messages = registrationIds.map((id) => {
    const target = {
      target_type: REGISTRATION_ID,
      target_value: id,
      // A phone that has registered again shows nothing, since it is pushed to by its new id.
      verify_registration_id: true,
    };
    return `${encoded(JSON.stringify(target).slice(0, -1))}${rest}`;
  });
  if (messages.length === 1) return `message=${messages.join()}`;
  return `messages=${encoded("[")}${messages.join(encoded(","))}${encoded("]")}`;
}

const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

function verdictsOf(answer: ProviderAnswer, registrationIds: readonly string[], now: number): Verdict[] {
  const { status, headers, text } = answer;
  const said = answerIn(Answer, text);
  if (said === undefined || status === 429 || status >= 500) {
    return registrationIds.map(() => verdictOnStranger("OPPO", answer, now));
  }
  const after = retryAfterOf(headers, now);
  const whole = oppoVerdict(said, after);
  const results = said.code === 0 ? resultsIn(said.data) : new Map<string, OppoResult>();
  return registrationIds.map((id): Verdict => {
    const own = results.get(id);
    if (own !== undefined) return oppoVerdict(own, after);
    // One code for a whole batch is no word on each of its devices.
    return whole.outcome === "unknown" ? { outcome: "noneKnown", why: whole.why } : whole;
  });
}

/** What the answer to a batch has for its devices. */
function resultsIn(data: unknown): Map<string, OppoResult> {
  const items = Array.isArray(data) ? data : [];
  return new Map(
    items.flatMap((item): [string, OppoResult][] => {
      const result = v.safeParse(Result, item);
      if (!result.success) return [];
      const { registrationId, errorCode, errorMessage } = result.output;
      return [[registrationId, { code: errorCode ?? 0, message: errorMessage }]];
    }),
  );
}
