import * as v from "valibot";
import { address } from "../value-schemas.ts";
import { consoleChoice, consoleSecret, consoleText, profilesOf, variableName } from "./vendor-profiles.ts";

/** Profiles of OPPO's push service, which also serves OnePlus and realme. */
export const oppoSettings = () =>
  profilesOf({
    appKey: consoleText(),
    /** Not the AppSecret, which is for the phone. */
    masterSecret: consoleSecret(),
    /** The notification channel of pushes that name none. */
    channelId: v.optional(v.nullable(consoleText()), null),
    /** The class of message, for which the app needs a right; empty leaves it out, which is marketing. */
    category: v.optional(consoleChoice(), "IM"),
    /** 1 is the list of notifications, 2 the lock screen too, 16 also a banner with sound; null leaves it to OPPO. */
    notifyLevel: v.optional(v.nullable(v.picklist([1, 2, 16], "must be 1, 2 or 16")), null),
    /** The approved template of a private channel. */
    templateId: v.optional(v.nullable(consoleText()), null),
    /** The template's variables that get the title and the text. */
    titleParam: variableName(),
    contentParam: variableName(),
    /** The activity that a tap opens, by its full class name; null opens the app. */
    activity: v.optional(v.nullable(consoleText()), null),
    /** A server in place of OPPO's for phones that registered abroad. */
    abroadUrl: v.optional(v.nullable(address()), null),
  });
