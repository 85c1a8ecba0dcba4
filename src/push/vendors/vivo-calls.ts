import * as v from "valibot";
import type { JsonObject } from "../../model/json.ts";
import { serverAt } from "../../settings/vendors/vendor-profiles.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import { type ProviderAnswer, retryAfterOf } from "../provider-calls.ts";
import { codeNumber, words } from "./code-number.ts";
import { verdictOnStranger } from "./code-table.ts";
import { pushHash } from "./push-hash.ts";
import type { Sending, Verdict } from "./vendor.ts";
import { answerIn } from "./vendor-answer.ts";
import {
  areListsUsedUp,
  invalidDevice,
  isTextRefused,
  isVivoTokenRefused,
  vivoVerdict,
} from "./vivo-codes.ts";
import { withOtherText } from "./vivo-payload.ts";

type Profile = ProfileOf<"vivo">;

const SERVER = "https://api-push.vivo.com.cn";

/** The day's messages to lists of devices, which vivo counts by themselves. */
const LISTS = "lists";

const InvalidUser = v.object({
  userid: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
  status: codeNumber(),
});

const Answer = v.object({
  result: codeNumber(),
  desc: words(),
  taskId: v.fallback(v.union([v.string(), v.number()]), ""),
  invalidUser: v.fallback(v.optional(InvalidUser), undefined),
  invalidUsers: v.fallback(v.array(v.fallback(v.optional(InvalidUser), undefined)), []),
});

type VivoAnswer = v.InferOutput<typeof Answer>;
/** vivo's answer with the delay (ms) that it requests, or what it means for the devices that there is none. */
type Heard = (VivoAnswer & { after: number | undefined }) | { none: Verdict };

export function vivoServer({ url }: Profile): string {
  return serverAt(url, SERVER);
}

/** The calls for one message. They reject if vivo does not answer. */
export class VivoCalls {
  readonly #message: JsonObject;
  readonly #sending: Sending<Profile>;

  constructor(message: JsonObject, sending: Sending<Profile>) {
    this.#message = message;
    this.#sending = sending;
  }

  async toOne(registrationId: string): Promise<Verdict> {
    const heard = await this.#withText((message) =>
      this.#call("send", { ...message, regId: registrationId }, [registrationId]),
    );
    if ("none" in heard) return heard.none;
    // The status says more of the device than the code beside it.
    return heard.invalidUser ? invalidDevice(heard.invalidUser.status) : vivoVerdict(heard, heard.after);
  }

  /**
   * To several devices: vivo keeps the message first, and then takes the list of devices for it. Undefined if the
   * day's lists are used up.
   */
  async toList(registrationIds: readonly string[]): Promise<Verdict[] | undefined> {
    const { isUsedUp, useUp } = this.#sending;
    if (isUsedUp(LISTS)) return undefined;
    const { pushMode = 0, appId = 0 } = this.#message;
    const kept = await this.#withText(({ pushMode: _, ...message }) =>
      this.#call("saveListPayload", message, registrationIds),
    );
    if (!("none" in kept) && areListsUsedUp(kept)) {
      useUp(LISTS);
      return undefined;
    }
    const verdict = verdictOf(kept);
    if (verdict.outcome !== "sent" || "none" in kept) return registrationIds.map(() => verdict);
    const list = { appId, regIds: [...registrationIds], taskId: String(kept.taskId), pushMode };
    const heard = await this.#call("pushToList", list, registrationIds);
    const said = verdictOf(heard);
    // One code for a whole list is no word on each of its devices.
    const whole: Verdict = said.outcome === "unknown" ? { outcome: "noneKnown", why: said.why } : said;
    const invalid = "none" in heard ? [] : heard.invalidUsers;
    const statuses = new Map(invalid.flatMap((user) => (user ? [[user.userid, user.status]] : [])));
    return registrationIds.map((id) => {
      const status = statuses.get(id);
      return status === undefined ? whole : invalidDevice(status);
    });
  }

  /** The answer to the message; if vivo refuses its text, to the message with the text that the settings have instead. */
  async #withText(send: (message: JsonObject) => Promise<Heard>): Promise<Heard> {
    const heard = await send(this.#message);
    const { refusedText } = this.#sending.profile;
    if (refusedText === null || "none" in heard || !isTextRefused(heard)) return heard;
    return send(withOtherText(this.#message, refusedText));
  }

  async #call(path: string, fields: JsonObject, registrationIds: readonly string[]): Promise<Heard> {
    const { profile, pushId, post, withToken, now } = this.#sending;
    // The same for the same devices at every attempt, and another one for others.
    const requestId = pushHash(JSON.stringify([pushId, path, registrationIds])).hex;
    const body = JSON.stringify({ ...fields, requestId });
    const answer = await withToken(
      (token) => {
        const headers = { authToken: token, "Content-Type": "application/json" };
        return post({ url: `${vivoServer(profile)}/message/${path}`, headers, body });
      },
      ({ text }) => isVivoTokenRefused(answerIn(Answer, text)),
    );
    return heardIn(answer, now());
  }
}

function heardIn(answer: ProviderAnswer, now: number): Heard {
  const { status, headers, text } = answer;
  const said = answerIn(Answer, text);
  if (said === undefined || status === 429 || status >= 500)
    return { none: verdictOnStranger("vivo", answer, now) };
  return { ...said, after: retryAfterOf(headers, now) };
}

function verdictOf(heard: Heard): Verdict {
  return "none" in heard ? heard.none : vivoVerdict(heard, heard.after);
}
