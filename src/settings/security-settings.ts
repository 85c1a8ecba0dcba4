import * as v from "valibot";
import { address, booleanSetting, group, listOf, secret, wholeNumber } from "./value-schemas.ts";

/** Scheme, host and port, as browsers send it: nothing after them, no wildcards (C-11). */
const origin = () =>
  v.pipe(v.string("must be an origin"), v.check(isOrigin, "must be an origin such as https://example.com"));

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** The signature of JSON Web Tokens: a shared secret (HS256), or keys published at a URL. */
const tokenRules = () =>
  v.pipe(
    group({
      secret: v.optional(v.nullable(secret()), null),
      jwksUrl: v.optional(v.nullable(address()), null),
      /** `iss` that a token must have. */
      issuer: v.optional(v.nullable(v.string("must be a text")), null),
      /** `aud` that a token must have. */
      audience: v.optional(v.nullable(v.string("must be a text")), null),
    }),
    v.check(
      (rules) => (rules.secret === null) !== (rules.jwksUrl === null),
      "needs a secret or a jwksUrl, and not both",
    ),
  );

/** Who may log in, and what clients may do and see. */
export const securitySettings = () =>
  group({
    /** Logins need a signature of the app's server, else error 4102. */
    signLogin: v.optional(booleanSetting(), false),
    /** Creating, joining, adding and removing need one, else error 4302. */
    signConversation: v.optional(booleanSetting(), false),
    /** Clients may read history over HTTP, with a signature. */
    signHistory: v.optional(booleanSetting(), false),
    /** Blacklist operations need one, else error 4546. */
    signBlacklist: v.optional(booleanSetting(), false),
    /** Members have roles, and silence others; else error 4325. */
    memberRoles: v.optional(booleanSetting(), false),
    /** Members block others, and clients refuse conversations; else error 4544. */
    blacklists: v.optional(booleanSetting(), false),
    /**
     * Which conversations of others clients can find without knowing their id: by any condition, by name,
     * attributes and the app's own columns, or none.
     */
    findOthers: v.optional(
      v.picklist(["anyone", "described", "nobody"], "must be anyone, described or nobody"),
      "described",
    ),
    /** Shows the members of a conversation to clients that know its id, and not to members alone. */
    showMembers: v.optional(booleanSetting(), true),
    /** The clients that add members: any client itself and members others, members alone, or none (only the app). */
    join: v.optional(
      v.picklist(["anyone", "members", "nobody"], "must be anyone, members or nobody"),
      "anyone",
    ),
    /** The clients that remove others: members, the creator, or none (only the app). */
    removeOthers: v.optional(
      v.picklist(["members", "creator", "nobody"], "must be members, creator or nobody"),
      "members",
    ),
    /** The history that a member reads: all of it, or messages since it joined. */
    historyFrom: v.optional(
      v.picklist(["beginning", "joining"], "must be beginning or joining"),
      "beginning",
    ),
    /** Web pages that may connect; an empty list is all of them. Others: error 4110. */
    origins: v.optional(listOf(origin()), []),
    /** The maximum age, in minutes, of a request that is signed with the master key (`X-LC-Sign`); 0 is any age. */
    masterSignMinutes: v.optional(wholeNumber(0, 525_600), 60),
    /** Logins may carry a JSON Web Token instead of a signature, and then must carry one of the two. */
    jwt: v.optional(v.nullable(tokenRules()), null),
  });
