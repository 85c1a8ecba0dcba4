import * as v from "valibot";
import { consoleNumber, consoleSecret, profilesOf } from "./vendor-profiles.ts";

/** Profiles of Meizu's push service. */
export const meizuSettings = () =>
  profilesOf({
    appId: consoleNumber(),
    appSecret: consoleSecret(),
    /** 1 is a private message, for which the app needs a right; 0 is a public one. */
    noticeMsgType: v.optional(v.picklist([0, 1], "must be 0 or 1"), 1),
  });
