import { isObject, type JsonObject } from "../../model/json.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { contentWords } from "./content-words.ts";
import { flatTexts, withoutNulls } from "./flat-texts.ts";
import { pushHash } from "./push-hash.ts";
import { chineseAsTwo, cut } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { secondsLeft, vendorContent } from "./vendor-content.ts";

type Profile = ProfileOf<"vivo">;

/** vivo's limits of November 2026; Chinese counts as two. */
const TITLE_MAX = 40;
const CONTENT_MAX = 100;
/** For all of the app's own keys together, with their names, in characters. */
const KEYS_MAX = 1_024;
/** For how long vivo keeps a message, in seconds. */
const TTL_MIN = 60;
const TTL_MAX = 86_400;

/** The phone rings and vibrates. */
const RING_AND_VIBRATE = 4;
/** A tap opens the app, or an intent. */
const OPEN_APP = 1;
const OPEN_INTENT = 4;

/**
 * vivo's own fields. Without `extra`, which is for receipts: whoever sends a message chooses its content, and receipts
 * name devices.
 */
const FIELDS = new Set([
  "content",
  "notifyType",
  "timeToLive",
  "skipType",
  "skipContent",
  "networkType",
  "classification",
  "category",
  "clientCustomMap",
  "pushMode",
  "notifyId",
  "profileId",
  "foregroundShow",
]);

/**
 * A message in vivo's form, without its devices. The app's own keys are in `clientCustomMap`, from where the system puts
 * them into the extras of the activity that a tap opens.
 */
export function vivoMessage(push: Push, profile: Profile, { appName, now }: Circumstances): Made<JsonObject> {
  const content = vendorContent(push, "vivo", FIELDS, appName);
  if (content.isSilent) return { problem: "vivo has no silent pushes" };
  const { words, custom } = contentWords(content, appName);
  if (words === undefined) return { problem: "no text to show, and vivo has no silent pushes" };
  const { content: _, clientCustomMap: given, ...own } = content.raw;
  const keys = flatTexts(isObject(given) ? given : custom);
  if (lengthOf(keys) > KEYS_MAX) {
    return { problem: `keys of the app's own with more than ${KEYS_MAX} characters` };
  }
  const message = withoutNulls({
    appId: Number(profile.appId),
    notifyType: RING_AND_VIBRATE,
    title: cut(words.title, TITLE_MAX, chineseAsTwo),
    content: cut(words.body, CONTENT_MAX, chineseAsTwo),
    timeToLive: Math.max(TTL_MIN, secondsLeft(push, now, TTL_MAX)),
    ...tapOf(own, profile),
    ...classOf(own, profile),
    ...(lengthOf(keys) > 0 && { clientCustomMap: keys }),
    notifyId: notifyIdOf(push.id),
    pushMode: profile.pushMode,
    ...own,
  });
  // vivo counts system messages, operational ones and either to test phones, whatever their categories.
  const { classification = message.category ?? "", pushMode = 0 } = message;
  return { message, messageClass: JSON.stringify([classification, pushMode]) };
}

/** The same message with a text that vivo takes. */
export function withOtherText(message: JsonObject, text: string): JsonObject {
  return {
    ...message,
    title: cut(text, TITLE_MAX, chineseAsTwo),
    content: cut(text, CONTENT_MAX, chineseAsTwo),
  };
}

/** By its id a phone replaces a notification by its repeat: 31 bits, and not 0. */
function notifyIdOf(pushId: string): number {
  return pushHash(pushId).number || 1;
}

/** What a tap opens, unless the push says so itself. */
function tapOf(own: JsonObject, { intent }: Profile): JsonObject {
  if ("skipType" in own || "skipContent" in own) return {};
  return intent === null ? { skipType: OPEN_APP } : { skipType: OPEN_INTENT, skipContent: intent };
}

/** The class of message. vivo refuses a pair that does not fit, so a push that says one of the two says both. */
function classOf(own: JsonObject, { classification, category }: Profile): JsonObject {
  if ("classification" in own || "category" in own) return {};
  return { classification, ...(category !== "" && { category }) };
}

/** The characters of an object of texts, with its names. */
function lengthOf(keys: Record<string, string>): number {
  return [...Object.entries(keys).flat().join("")].length;
}
