import { isObject, type JsonObject } from "../../model/json.ts";
import { merge } from "../../settings/merge.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { intentUri } from "./intent-uri.ts";
import { cut, utf8Bytes } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { rawParameters, secondsLeft, type VendorContent, vendorContent } from "./vendor-content.ts";

/** Huawei's limit for a message without its tokens, in bytes (November 2026). */
export const MESSAGE_MAX = 4_096;
/** The longest lifetime of a message: 15 days, in seconds (November 2026). */
export const TTL_MAX = 1_296_000;
/** So much of a title is sent at most, so that the text has room (bytes). */
export const TITLE_MAX = 512;

/** Huawei's names in a content's part `hms`, by their place in a message. */
const OF_ANDROID = ["target_user_type", "category", "urgency", "ttl", "collapse_key", "bi_tag", "receipt_id"];
const OF_NOTIFICATION = [
  ...["click_action", "badge", "channel_id", "notify_id", "tag", "importance", "foreground_show", "style"],
  ...["big_title", "big_body", "image", "sound", "default_sound"],
];
const RAW = new Set(["message", ...OF_ANDROID, ...OF_NOTIFICATION]);

/**
 * A message of Huawei's push API, without the devices. The system shows its notification; a silent one, or one without
 * words, is data for the app. A text too long is cut.
 */
export function huaweiMessage(
  push: Push,
  profile: ProfileOf<"hms">,
  { appName, now }: Circumstances,
): Made<JsonObject> {
  const given = vendorContent(push, "hms", RAW, appName);
  const { words, raw } = given;
  const ttl = `${secondsLeft(push, now, TTL_MAX)}s`;
  const ofAndroid = rawParameters(raw, OF_ANDROID);
  if (words === undefined) {
    const message = merged({ data: given.sdkPayload, android: { ttl, ...ofAndroid } }, raw);
    if (sizeOf(message) > MESSAGE_MAX) return { problem: TOO_LONG };
    return { message, messageClass: "" };
  }
  const category: JsonObject = profile.category === "" ? {} : { category: profile.category };
  const message = fitting(words.body, (body) => {
    const notification = {
      ...notificationOf(push, given, profile),
      body,
      ...rawParameters(raw, OF_NOTIFICATION),
    };
    return merged({ android: { ...category, ttl, ...ofAndroid, notification } }, raw);
  });
  return message === undefined ? { problem: TOO_LONG } : { message, messageClass: classOf(message) };
}

const TOO_LONG = `content of more than ${MESSAGE_MAX} bytes`;

function notificationOf(
  push: Push,
  { words, custom, content, channel }: VendorContent,
  { click, intentHost, badgeClass }: ProfileOf<"hms">,
): JsonObject {
  const badge = badgeClass === null ? undefined : badgeOf(content);
  return {
    title: cut(words?.title ?? "", TITLE_MAX, utf8Bytes),
    click_action: click === "app" ? { type: 3 } : { type: 1, intent: intentUri(intentHost, custom) },
    // A push that is repeated after a lost response replaces itself.
    tag: push.id,
    ...(channel !== undefined && { channel_id: channel }),
    ...(badge !== undefined && badgeClass !== null && { badge: { ...badge, class: badgeClass } }),
  };
}

function badgeOf({ badge }: JsonObject): JsonObject | undefined {
  const number = badgeNumber(badge);
  if (number === undefined) return undefined;
  return number === "one more" ? { add_num: 1 } : { set_num: number };
}

/** The number for the icon of a content's `badge`, as Huawei and Honor take it. */
export function badgeNumber(badge: unknown): number | "one more" | undefined {
  if (badge === "Increment") return "one more";
  if (typeof badge !== "number" || !Number.isInteger(badge) || badge < 0) return undefined;
  return Math.min(badge, 99);
}

/**
 * The app's own `message` merged over ours. It cannot name devices: whoever sends a message chooses its content, and
 * must not reach others by it.
 */
function merged(ours: JsonObject, { message: own = {} }: JsonObject): JsonObject {
  const { token: _, topic: _1, condition: _2, ...message } = asObject(merge(ours, own), ours);
  return message;
}

function asObject(value: unknown, otherwise: JsonObject): JsonObject {
  return isObject(value) ? value : otherwise;
}

/** The message with as much of a text as fits; undefined if none of it does. */
export function fitting(body: string, messageWith: (body: string) => JsonObject): JsonObject | undefined {
  const started = cut(body, MESSAGE_MAX, utf8Bytes);
  const message = messageWith(started);
  const excess = sizeOf(message) - MESSAGE_MAX;
  if (excess <= 0) return message;
  const shorter = cut(started, utf8Bytes(started) - excess, utf8Bytes);
  if (shorter === "") return undefined;
  const short = messageWith(shorter);
  return sizeOf(short) <= MESSAGE_MAX ? short : undefined;
}

/** The bytes of a message as it is sent, without its devices. */
export function sizeOf(message: JsonObject): number {
  return utf8Bytes(JSON.stringify({ message }));
}

function classOf({ android }: JsonObject): string {
  return isObject(android) && typeof android.category === "string" ? android.category : "";
}
