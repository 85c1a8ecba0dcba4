import type { ProfileOf } from "../../settings/vendors/vendor-settings.ts";
import type { Push } from "../push-work.ts";
import { flatTexts } from "./flat-texts.ts";
import { pushHash } from "./push-hash.ts";
import { cut, utf16Units } from "./shown-text.ts";
import type { Circumstances, Made } from "./vendor.ts";
import { rawParameters, type VendorContent, vendorContent } from "./vendor-content.ts";
import { templateExtras } from "./xiaomi-template.ts";

type Profile = ProfileOf<"mi">;
type Fields = Record<string, string>;

/** The fields of a request's form, without the devices. */
export type XiaomiForm = Readonly<Fields>;

/** Xiaomi's limits in characters (June 2026). */
const TITLE_MAX = 49;
const BODY_MAX = 127;
/** Some of Xiaomi's documents allow 20, and none a `_` at the beginning. */
const JOB_KEY = 12;
/** For all extras together, their names included. */
const EXTRAS_MAX = 1_024;
/** Xiaomi keeps a private message for 10 days at most, in milliseconds (August 2026). */
const TTL_MAX = 864_000_000;

/**
 * Xiaomi's names in a content's part `mi`, by their place in a request. Those of receipts are not among them: a member
 * chooses the content of a message, and would receive the other members' registration ids.
 */
const FIELDS = ["notify_type", "notify_id", "time_to_live", "pass_through"];
const TAP = ["notify_effect", "intent_uri", "web_uri"];
const EXTRAS = [...TAP, "channel_id", "notify_foreground", "sound_uri", "jobkey", "only_send_once"];
const RAW = new Set([...FIELDS, ...EXTRAS, "template_id", "template_param"]);

/**
 * A message of Xiaomi's push API. The phone shows its notification, and its payload is the whole content, which
 * LeanCloud's SDK in the app reads. Messages for the app alone, silent or without words, exist abroad only.
 */
export function xiaomiMessage(
  push: Push,
  profile: Profile,
  { vendor, appName, now }: Circumstances,
): Made<XiaomiForm> {
  const given = vendorContent(push, "mi", RAW, appName);
  const isAbroad = vendor === "mi-intl";
  const { raw, words } = given;
  const channel = given.channel ?? profile.channelId;
  if (words === undefined && !isAbroad) {
    return {
      problem: given.isSilent
        ? "Xiaomi has no silent pushes in China"
        : "no text, and Xiaomi demands one in China",
    };
  }
  const hash = pushHash(push.id);
  const fields: Fields = {
    restricted_package_name: profile.package,
    payload: given.sdkPayload,
    time_to_live: String(Math.min(TTL_MAX, Math.max(1, push.expiresAt - now))),
    pass_through: words === undefined ? "1" : "0",
    ...(words !== undefined && {
      title: cut(words.title, TITLE_MAX, utf16Units),
      description: cut(words.body, BODY_MAX, utf16Units),
      notify_type: "-1",
      // On the phone, pushes with one id replace each other; without any, they all do.
      notify_id: String(hash.number),
    }),
    ...flatTexts(rawParameters(raw, FIELDS)),
  };
  const extras: Fields = {
    // The phone shows only the first of several messages with one key.
    jobkey: hash.hex.slice(0, JOB_KEY),
    ...(channel !== null && { channel_id: channel }),
    ...(words !== undefined && templateExtras(words, profile, raw, isAbroad)),
    ...flatTexts(rawParameters(raw, EXTRAS)),
  };
  const hasOwnTap = TAP.some((name) => name in raw);
  if (words !== undefined && !hasOwnTap) Object.assign(extras, tapExtras(given, profile, isAbroad, extras));
  for (const [name, value] of Object.entries(extras)) fields[`extra.${name}`] = value;
  return { message: fields, messageClass: extras.channel_id ?? "" };
}

/**
 * What a tap opens. The SDK in the app is called back if there is no effect, which Xiaomi ended in China in September
 * 2024. Otherwise the system opens the app, or the profile's activity with what LeanCloud's SDK hands to it.
 */
function tapExtras(
  { sdkPayload, custom }: VendorContent,
  { click, activity, package: name }: Profile,
  isAbroad: boolean,
  others: Fields,
): Fields {
  if (click === "callback") return {};
  const room = EXTRAS_MAX - lengthOf(others);
  const content = JSON.stringify(custom);
  const candidates: Fields[] = [
    { "com.avoscloud.Data": sdkPayload, content },
    { "com.avoscloud.Data": sdkPayload },
  ];
  if (activity !== null && click === "auto") {
    const tap = candidates
      .map((data) => ({ notify_effect: "2", intent_uri: activityUri(`${name}/${activity}`, data) }))
      .find((extras) => lengthOf(extras) <= room);
    if (tap !== undefined) return tap;
  }
  return click === "auto" && isAbroad ? {} : { notify_effect: "1" };
}

/** An intent as a URI of Android's, whose extras are texts. */
function activityUri(component: string, data: Fields): string {
  const extras = Object.entries(data).map(
    ([name, text]) => `S.${name}=${encodeURIComponent(text.toWellFormed())}`,
  );
  const options = ["launchFlags=0x10000000", `component=${component}`, ...extras];
  return `intent:#Intent;${options.join(";")};end`;
}

function lengthOf(extras: Fields): number {
  return Object.entries(extras).flat().join("").length;
}
