import * as v from "valibot";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { goneOutcome } from "../provider.ts";
import type { ProviderAnswer } from "../provider-calls.ts";
import { type CodeTable, verdictByCode, verdictOnStranger } from "./code-table.ts";
import { withListedIds } from "./listed-ids.ts";
import type { Vendor, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";
import { type XiaomiForm, xiaomiMessage } from "./xiaomi-payload.ts";

type Profile = ProfileOf<"mi">;

const SERVER = "https://api.xmpush.xiaomi.com";

const SENT = "0";
const NOT_SENT = "20301";
const SECRET = "the app secret is refused";
const PACKAGE = "the package is not the app's";
/** Xiaomi's other answers (as documented in 2026). */
const CODES: CodeTable = {
  "1": ["later"],
  "10001": ["later"],
  "10002": ["later"],
  "10003": ["later"],
  "10037": ["later"],
  "65029": ["later"],
  "10027": ["too fast"],
  "200002": ["too fast"],
  "10034": ["quota"],
  "200001": ["quota"],
  "21301": ["keys", SECRET],
  "21302": ["keys", SECRET],
  "22000": ["failed", "there is no such app"],
  "22006": ["failed", PACKAGE],
  "22007": ["failed", PACKAGE],
  "22022": ["failed", PACKAGE],
  "10031": ["failed", "the app is blocked, as apps outside Xiaomi's store are"],
  "10036": ["failed", "the app may not push this"],
  "27001": ["failed", "the channel is missing, not the app's or not approved"],
  "26006": ["failed", "it is still in review"],
};

const Answer = v.object({
  code: v.pipe(v.union([v.number(), v.string()]), v.transform(String)),
  reason: v.optional(v.nullable(v.string())),
  description: v.optional(v.nullable(v.string())),
  data: v.optional(v.unknown()),
});
const Data = v.object({
  bad_regids: v.optional(v.nullable(v.string())),
  channel_exceed_quota: v.optional(v.nullable(v.string())),
});

/** Xiaomi's push service, for phones of Xiaomi, Redmi and POCO. */
export const xiaomi: Vendor<Profile, XiaomiForm> = {
  name: "mi",
  vendors: ["mi", "mi-intl"],
  batchMax: 1_000,
  credentialsOf: ({ appSecret, package: name }) => JSON.stringify(["mi", appSecret, name]),
  messageOf: xiaomiMessage,
  send(message, registrationIds, { profile, vendor, post, now }) {
    return withListedIds(registrationIds, async (ids) => {
      const answer = await post({
        url: `${serverOf(profile, vendor)}/v3/message/regid`,
        headers: {
          Authorization: `key=${profile.appSecret}`,
          "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
        },
        body: String(new URLSearchParams({ ...message, registration_id: ids.join(",") })),
      });
      return verdictsOf(answer, ids, now());
    });
  },
};

function serverOf({ url, region }: Profile, vendor: string): string {
  return serverAt(url, vendor === "mi-intl" ? `https://${region}-api.xmpush.global.xiaomi.com` : SERVER);
}

function verdictsOf(answer: ProviderAnswer, ids: readonly string[], now: number): Verdict[] {
  const all = (verdict: Verdict) => ids.map(() => verdict);
  const said = answerIn(Answer, answer.text);
  // Xiaomi's own answers have the status 200, so success with another one is somebody else's word.
  if (said === undefined || (said.code === SENT && answer.status !== 200)) {
    return all(verdictOnStranger("Xiaomi", answer, now));
  }
  const { code, reason, description, data } = said;
  if (code === SENT) return sentVerdicts(data, ids);
  const words = reason || description || "";
  const verdict = verdictByCode({ code, words }, CODES, answer, now);
  const isUnknown = code === NOT_SENT && /valid target/i.test(words) && verdict.outcome === "failed";
  return all(isUnknown ? { outcome: "noneKnown", why: verdict.why } : verdict);
}

/** Some devices may be unknown: they are gone. If all are, the settings may be of another app. */
function sentVerdicts(data: unknown, ids: readonly string[]): Verdict[] {
  const { bad_regids: bad, channel_exceed_quota: exceeded } = v.is(Data, data) ? data : {};
  const unknown = new Set(bad?.split(",").map((id) => id.trim()));
  const why = "an unknown registration id";
  const known = ids.filter((id) => !unknown.has(id)).length;
  if (known === 0) return ids.map(() => ({ outcome: "unknown", why }));
  const rest: Verdict =
    droppedIn(exceeded ?? "") < known
      ? { outcome: "sent" }
      : { outcome: "quota", why: "dropped by its channel" };
  return ids.map((id) => (unknown.has(id) ? goneOutcome(why) : rest));
}

/** How many messages channels dropped, in a text such as `no_channel:2 103:3`. */
function droppedIn(exceeded: string): number {
  return Array.from(exceeded.matchAll(/:(\d+)/g)).reduce((sum, [, count]) => sum + Number(count), 0);
}
