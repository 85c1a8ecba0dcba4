import * as v from "valibot";
import { consoleSecret, consoleText, profilesOf, variableName } from "./vendor-profiles.ts";

/** Xiaomi's servers abroad: for most countries, for Europe, for India and for Russia. */
const regions = ["sgp", "fr", "idmb", "ru"] as const;

/** Profiles of Xiaomi's push service, for phones that registered in China and for those abroad. */
export const xiaomiSettings = () =>
  profilesOf({
    appSecret: consoleSecret(),
    package: consoleText(),
    /** The notification channel. Its class decides how many messages a phone may get in a day. */
    channelId: v.optional(v.nullable(consoleText()), null),
    /** The approved template, and its variables for the title and for the text. */
    templateId: v.optional(v.nullable(consoleText()), null),
    titleParam: variableName(),
    bodyParam: variableName(),
    /** The class of the activity that a tap opens with the content. Without one, a tap opens the app. */
    activity: v.optional(v.nullable(consoleText()), null),
    /** `callback` leaves a tap to the SDK in the app. `auto` does so abroad, since Xiaomi has ended it in China. */
    click: v.optional(v.picklist(["auto", "app", "callback"], "must be auto, app or callback"), "auto"),
    /** The server for phones that registered abroad. */
    region: v.optional(v.picklist(regions, `must be one of ${regions.join(", ")}`), "sgp"),
  });
