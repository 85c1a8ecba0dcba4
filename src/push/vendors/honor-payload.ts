import type { JsonObject } from "../../model/json.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { badgeNumber, fitting, MESSAGE_MAX, sizeOf, TITLE_MAX, TTL_MAX } from "./huawei-payload.ts";
import { intentUri } from "./intent-uri.ts";
import { cut, utf8Bytes } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { rawParameters, secondsLeft, type VendorContent, vendorContent } from "./vendor-content.ts";

/** Honor's names in a content's part `honor`, by their place in a message. */
const OF_ANDROID = ["targetUserType", "ttl", "biTag"];
const OF_NOTIFICATION = [
  ...["importance", "clickAction", "badge", "notifyId", "tag", "group", "style", "bigTitle", "bigBody"],
  ...["image", "buttons"],
];
const RAW = new Set([...OF_ANDROID, ...OF_NOTIFICATION]);

/**
 * A message of Honor's push API, without the devices: in the main Huawei's with other names. Its limit of bytes is not
 * documented; Huawei's is kept.
 */
export function honorMessage(
  push: Push,
  profile: ProfileOf<"honor">,
  { appName, now }: Circumstances,
): Made<JsonObject> {
  const given = vendorContent(push, "honor", RAW, appName);
  const { words, raw } = given;
  const android = { ttl: `${secondsLeft(push, now, TTL_MAX)}s`, ...rawParameters(raw, OF_ANDROID) };
  if (words === undefined) {
    const message = { data: given.sdkPayload, android };
    if (sizeOf(message) > MESSAGE_MAX) return { problem: TOO_LONG };
    return { message, messageClass: "" };
  }
  const shown = { ...notificationOf(push, given, profile), ...rawParameters(raw, OF_NOTIFICATION) };
  const message = fitting(words.body, (body) => ({
    android: { ...android, notification: { ...shown, body } },
  }));
  return message === undefined ? { problem: TOO_LONG } : { message, messageClass: String(shown.importance) };
}

const TOO_LONG = `content of more than ${MESSAGE_MAX} bytes`;

function notificationOf(
  push: Push,
  { words, custom, content }: VendorContent,
  { importance, click, intentHost, badgeClass }: ProfileOf<"honor">,
): JsonObject {
  const badge = badgeClass === null ? undefined : badgeOf(content);
  return {
    title: cut(words?.title ?? "", TITLE_MAX, utf8Bytes),
    clickAction: click === "app" ? { type: 3 } : { type: 1, intent: intentUri(intentHost, custom) },
    importance,
    // A push that is repeated after a lost response replaces itself.
    tag: push.id,
    ...(badge !== undefined && badgeClass !== null && { badge: { ...badge, badgeClass } }),
  };
}

function badgeOf({ badge }: JsonObject): JsonObject | undefined {
  const number = badgeNumber(badge);
  if (number === undefined) return undefined;
  return number === "one more" ? { addNum: 1 } : { setNum: number };
}
