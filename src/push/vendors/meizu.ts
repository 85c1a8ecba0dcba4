import * as v from "valibot";
import { isObject, type JsonObject } from "../../model/json.ts";
import { printable } from "../../printable.ts";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { failedOutcome, goneOutcome, retryOutcome } from "../provider.ts";
import type { ProviderAnswer } from "../provider-calls.ts";
import { type CodeTable, verdictByCode, verdictOnStranger } from "./code-table.ts";
import { withListedIds } from "./listed-ids.ts";
import { meizuMessage } from "./meizu-payload.ts";
import { meizuSign } from "./meizu-sign.ts";
import type { Vendor, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";

type Profile = ProfileOf<"meizu">;

const SERVER = "https://server-api-push.meizu.com";
const PATH = "/garcia/api/server/push/varnished/pushByPushId";

const TAKEN = "200";
const KEYS = "the app id or its secret is refused";
/** Meizu's other answers to a call (as documented in April 2025). */
const CODES: CodeTable = {
  "500": ["later"],
  "1001": ["later"],
  "1003": ["later"],
  "110010": ["too fast"],
  "110019": ["quota"],
  "110051": ["quota"],
  "1006": ["keys", KEYS],
  "110000": ["keys", KEYS],
  "110001": ["keys", KEYS],
  "110031": ["keys", KEYS],
  "110033": ["keys", KEYS],
  "110004": ["failed", "a parameter is empty"],
  "110009": ["failed", "the app is blocked"],
};

/** Its verdicts on single push ids, in the answer to a call that it took. A push to any other id was sent. */
const CODES_OF_IDS: Readonly<Record<string, (why: string) => Verdict>> = {
  "110002": (why) => goneOutcome(`${why}: not subscribed`),
  "110003": (why) => goneOutcome(`${why}: not a push id`),
  "110010": (why) => failedOutcome(`${why}: notifications are switched off`),
  "110011": (why) => failedOutcome(`${why}: the day's limit of the device`),
  "201": (why) => failedOutcome(`${why}: refused`),
  "501": (why) => retryOutcome(why),
  "513": (why) => retryOutcome(why),
  "519": (why) => retryOutcome(why),
  // More than 5 in a minute are shown as one.
  "520": () => ({ outcome: "sent" }),
};

const Answer = v.object({
  code: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
  message: v.optional(v.nullable(v.string())),
  value: v.optional(v.unknown()),
});
const Ids = v.array(v.string());

/** Meizu's push service. */
export const meizu: Vendor<Profile, JsonObject> = {
  name: "meizu",
  vendors: ["mz"],
  batchMax: 100,
  credentialsOf: ({ appId, appSecret }) => JSON.stringify(["meizu", appId, appSecret]),
  messageOf: meizuMessage,
  send(message, registrationIds, { profile: { appId, appSecret, url }, post, now }) {
    return withListedIds(registrationIds, async (ids) => {
      const parameters = { appId, pushIds: ids.join(","), messageJson: JSON.stringify(message) };
      const form = new URLSearchParams({ ...parameters, sign: meizuSign(parameters, appSecret) });
      const answer = await post({
        url: `${serverAt(url, SERVER)}${PATH}`,
        headers: { "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8" },
        body: String(form),
      });
      return verdictsOf(answer, ids, now());
    });
  },
};

function verdictsOf(answer: ProviderAnswer, ids: readonly string[], now: number): Verdict[] {
  const said = answerIn(Answer, answer.text);
  // Meizu's own answers have the status 200, so success with another one is somebody else's word.
  if (said === undefined || (said.code === TAKEN && answer.status !== 200)) {
    return ids.map(() => verdictOnStranger("Meizu", answer, now));
  }
  const { code, message, value } = said;
  if (code === TAKEN) return verdictsById(value, ids);
  const verdict = verdictByCode({ code, words: message ?? "" }, CODES, answer, now);
  return ids.map(() => verdict);
}

/** Some devices may be unknown: they are gone. If none was sent to, the keys may be of another app. */
function verdictsById(value: unknown, ids: readonly string[]): Verdict[] {
  const verdicts = new Map<string, Verdict>();
  for (const [code, named] of Object.entries(isObject(value) ? value : {})) {
    const why = `code ${printable(code, 20)}`;
    const verdictWith = Object.hasOwn(CODES_OF_IDS, code) ? CODES_OF_IDS[code] : undefined;
    for (const id of v.is(Ids, named) ? named : [])
      verdicts.set(id, verdictWith?.(why) ?? failedOutcome(why));
  }
  const each = ids.map((id): Verdict => verdicts.get(id) ?? { outcome: "sent" });
  if (each.some(({ outcome }) => outcome === "sent")) return each;
  return each.map((one) => (one.outcome === "gone" ? { outcome: "unknown", why: one.why } : one));
}
