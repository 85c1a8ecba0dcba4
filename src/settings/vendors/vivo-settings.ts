import * as v from "valibot";
import { consoleChoice, consoleNumber, consoleSecret, consoleText, profilesOf } from "./vendor-profiles.ts";

/** vivo's longest content of a tap, in characters. */
const INTENT_MAX = 1_024;

const intentUri = () => {
  const problem = `must be an intent URI of at most ${INTENT_MAX} characters: intent:…#Intent;…;end`;
  return v.pipe(
    v.string(problem),
    v.maxLength(INTENT_MAX, problem),
    v.regex(/^intent:[\x21-\x7e]*#Intent;[\x21-\x7e]*end$/, problem),
  );
};

const shortText = () => {
  const problem = "must be a text of 1 to 40 characters";
  return v.pipe(v.string(problem), v.maxLength(40, problem), v.regex(/\S/, problem));
};

/** Profiles of vivo's push service, which also serves iQOO. */
export const vivoSettings = () =>
  profilesOf({
    /** A number at vivo, so longer ones would lose digits. */
    appId: v.pipe(consoleNumber(), v.maxLength(15, "must have at most 15 digits")),
    appKey: consoleText(),
    appSecret: consoleSecret(),
    /** 1 is a system message, for which the app needs a right; 0 is an operational one, which is marketing. */
    classification: v.optional(v.picklist([0, 1], "must be 0 or 1"), 1),
    /** The class of message within that; empty leaves it out. */
    category: v.optional(consoleChoice(), "IM"),
    /** 1 reaches the test phones in vivo's console alone, as long as the app is in review. */
    pushMode: v.optional(v.picklist([0, 1], "must be 0 or 1"), 0),
    /** The intent URI that a tap opens; null opens the app. */
    intent: v.optional(v.nullable(intentUri()), null),
    /** The text in place of one that vivo refuses, such as one of digits alone; null sends none. */
    refusedText: v.optional(v.nullable(shortText()), null),
  });
