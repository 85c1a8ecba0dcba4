import * as v from "valibot";
import { address } from "../value-schemas.ts";
import { consoleChoice, consoleNumber, consoleSecret, consoleText, profilesOf } from "./vendor-profiles.ts";

/** What a tap opens: the activity that declares LeanCloud's intent, or the app alone. */
const click = () => v.optional(v.picklist(["intent", "app"], "must be intent or app"), "intent");

/** The host of the intent (`lcpushscheme://…/notify_detail`) that the app's activity declares. */
const intentHost = () => v.optional(consoleText(), "cn.leancloud.push");

/** The launcher activity's class, without which no badge is sent. */
const badgeClass = () => v.optional(v.nullable(consoleText()), null);

/** Profiles of Huawei's push service (HMS). */
export const huaweiSettings = () =>
  profilesOf({
    appId: consoleNumber(),
    appSecret: consoleSecret(),
    /** The class of message, for which the app needs a right; an empty one is not sent, and counts as marketing. */
    category: v.optional(consoleChoice(), "IM"),
    click: click(),
    intentHost: intentHost(),
    badgeClass: badgeClass(),
    authUrl: v.optional(v.nullable(address()), null),
  });

/** Profiles of Honor's. */
export const honorSettings = () =>
  profilesOf({
    appId: consoleNumber(),
    clientId: consoleText(),
    clientSecret: consoleSecret(),
    /** NORMAL is service and communication, for which the app needs a right; LOW is marketing. */
    importance: v.optional(v.picklist(["NORMAL", "LOW"], "must be NORMAL or LOW"), "NORMAL"),
    click: click(),
    intentHost: intentHost(),
    badgeClass: badgeClass(),
    authUrl: v.optional(v.nullable(address()), null),
  });
