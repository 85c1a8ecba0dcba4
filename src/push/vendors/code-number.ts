import * as v from "valibot";

/** A code as a number or its text: an accepted push whose answer is not understood would be sent again. */
export const codeNumber = () =>
  v.union([v.number(), v.pipe(v.string(), v.regex(/^-?\d{1,9}$/), v.transform(Number))]);

/** A text for people, or nothing: no form of it makes an answer unreadable. */
export const words = () => v.fallback(v.optional(v.string()), undefined);
