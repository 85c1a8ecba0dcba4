import { isObject, type JsonObject } from "../../model/json.ts";
import { merge } from "../../settings/merge.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { flatTexts } from "./flat-texts.ts";
import { pushHash } from "./push-hash.ts";
import { cut, utf16Units } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { vendorContent } from "./vendor-content.ts";

/** Meizu's limits in characters (April 2025). */
const TITLE_MAX = 32;
const BODY_MAX = 100;
const NOTIFY_KEY = 8;
/** Meizu keeps a message for whole hours, 72 at most (April 2025). */
const VALID_HOURS_MAX = 72;
const HOUR = 3_600_000; // ms

/**
 * Meizu's names in a content's part `mz`. That of receipts is not among them: a member chooses the content of a
 * message, and would receive the other members' push ids.
 */
const RAW = new Set(["noticeBarInfo", "noticeExpandInfo", "clickTypeInfo", "pushTimeInfo", "advanceInfo"]);

/**
 * A message of Meizu's push API, the parameter `messageJson`. The phone shows its notification, and a tap opens the app
 * and hands the content to LeanCloud's SDK in it.
 */
export function meizuMessage(
  push: Push,
  { noticeMsgType }: ProfileOf<"meizu">,
  { appName, now }: Circumstances,
): Made<JsonObject> {
  const { words, isSilent, content, raw, sdkPayload } = vendorContent(push, "mz", RAW, appName);
  if (isSilent) return { problem: "Meizu has no silent pushes" };
  if (words === undefined) return { problem: "no text, and Meizu demands one" };
  const hours = Math.floor((push.expiresAt - now) / HOUR);
  const ours: JsonObject = {
    noticeBarInfo: {
      noticeMsgType,
      title: cut(words.title, TITLE_MAX, utf16Units),
      content: cut(words.body, BODY_MAX, utf16Units),
    },
    clickTypeInfo: { clickType: 0, parameters: parametersOf(push.content, content, sdkPayload) },
    pushTimeInfo: { offLine: 1, validTime: Math.min(VALID_HOURS_MAX, Math.max(1, hours)) },
    // A push that is repeated after a lost response replaces itself on the phone.
    advanceInfo: { notifyKey: pushHash(push.id).hex.slice(0, NOTIFY_KEY) },
  };
  const merged = merge(ours, raw);
  const message = isObject(merged) ? merged : ours;
  return { message, messageClass: classOf(message) };
}

/**
 * The content as the extras of the intent, which are texts. Meizu's SDK gives LeanCloud's these as one JSON object, or
 * the text named `sk` in their place: with it, values that are no texts arrive unchanged.
 */
function parametersOf(
  { _channel: channel }: JsonObject,
  content: JsonObject,
  sdkPayload: string,
): JsonObject {
  const whole: JsonObject = typeof channel === "string" ? { ...content, _channel: channel } : content;
  const flat = flatTexts(whole);
  const isFlat = Object.values(whole).every((value) => typeof value === "string") && !("sk" in whole);
  return isFlat ? flat : { ...flat, sk: sdkPayload };
}

function classOf({ noticeBarInfo: bar }: JsonObject): string {
  return isObject(bar) ? String(bar.noticeMsgType) : "";
}
