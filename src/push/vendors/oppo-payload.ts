import type { Json, JsonObject } from "../../model/json.ts";
import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { contentWords } from "./content-words.ts";
import { flatTexts, textOf, withoutNulls } from "./flat-texts.ts";
import { cut, utf16Units } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { secondsLeft, vendorContent } from "./vendor-content.ts";

type Profile = ProfileOf<"oppo">;

/** OPPO's limits of November 2026, in characters, which Java may count; the content's depend on the style. */
const TITLE_MAX = 50;
const STANDARD_MAX = 50;
const LONG_MAX = 128;
const PARAMETERS_MAX = 4_000;

/** OPPO's styles of a notification. */
const STANDARD = 1;
const LONG = 2;

/** A tap opens the app, or an activity by its class name. */
const OPEN_APP = 0;
const OPEN_ACTIVITY = 4;

/** OPPO's older documents keep a message for 3 days, the newer ones for 10: 3 are safe, in seconds. */
const TTL_MAX = 259_200;

/**
 * OPPO's own fields. Without those for receipts: whoever sends a message chooses its content, and receipts name devices.
 */
const FIELDS = new Set([
  "style",
  "sub_title",
  "content",
  "small_picture_id",
  "click_action_type",
  "click_action_activity",
  "click_action_url",
  "action_parameters",
  "off_line",
  "off_line_ttl",
  "network_type",
  "show_ttl",
  "notify_id",
  "channel_id",
  "category",
  "notify_level",
  "private_msg_template_id",
  "private_title_parameters",
  "private_content_parameters",
]);

/**
 * A notification in OPPO's form, without its device. By its `app_message_id` OPPO drops a repeat to the same device.
 * The app's own keys are in `action_parameters`, from where the system puts them into the extras of the activity that a
 * tap opens.
 */
export function oppoNotification(
  push: Push,
  profile: Profile,
  { appName, now }: Circumstances,
): Made<JsonObject> {
  const content = vendorContent(push, "oppo", FIELDS, appName);
  if (content.isSilent) return { problem: "OPPO has no silent pushes" };
  const { words, custom } = contentWords(content, appName);
  if (words === undefined) return { problem: "no text to show, and OPPO has no silent pushes" };
  const { style, content: _, action_parameters: given, ...own } = content.raw;
  const parameters = textOf(given ?? flatTexts(custom));
  if (parameters.length > PARAMETERS_MAX) {
    return { problem: `keys of the app's own with more than ${PARAMETERS_MAX} characters` };
  }
  const message = withoutNulls({
    app_message_id: push.id,
    off_line: true,
    off_line_ttl: secondsLeft(push, now, TTL_MAX),
    ...classOf(profile, content.channel),
    ...tapOf(own, profile),
    ...textsOf(words, style, own, profile),
    ...own,
    ...(parameters !== "{}" && { action_parameters: parameters }),
  });
  // A channel may be a public one, whose messages OPPO counts.
  const { category = "", channel_id: channelId = "" } = message;
  return { message, messageClass: JSON.stringify([category, channelId]) };
}

/** The notification channel and the class of message. */
function classOf({ channelId, category, notifyLevel }: Profile, channel = channelId): JsonObject {
  return {
    ...(channel !== null && { channel_id: channel }),
    ...(category !== "" && { category }),
    // OPPO takes a level only beside a class.
    ...(category !== "" && notifyLevel !== null && { notify_level: notifyLevel }),
  };
}

/** What a tap opens, unless the push says so itself. */
function tapOf(own: JsonObject, { activity }: Profile): JsonObject {
  if (Object.keys(own).some((field) => field.startsWith("click_action_"))) return {};
  if (activity === null) return { click_action_type: OPEN_APP };
  return { click_action_type: OPEN_ACTIVITY, click_action_activity: activity };
}

/**
 * Style, title and content, or the template's variables in place of the texts: OPPO takes no others beside a template.
 *
 * @param given the style that the push says
 */
function textsOf(
  words: { title: string; body: string },
  given: Json | undefined,
  own: JsonObject,
  { templateId, titleParam, contentParam }: Profile,
): JsonObject {
  const title = cut(words.title, TITLE_MAX, utf16Units);
  const style = given ?? (utf16Units(words.body) > STANDARD_MAX ? LONG : STANDARD);
  const content = cut(words.body, style === LONG ? LONG_MAX : STANDARD_MAX, utf16Units);
  // A template that the push names has other variables, which the push has to name, too.
  if (typeof own.private_msg_template_id === "string") return { style };
  if (templateId === null || own.private_msg_template_id === null) return { style, title, content };
  return {
    style,
    private_msg_template_id: templateId,
    ...(titleParam !== null && { private_title_parameters: { [titleParam]: title } }),
    ...(contentParam !== null && { private_content_parameters: { [contentParam]: content } }),
  };
}
