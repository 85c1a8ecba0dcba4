import * as v from "valibot";
import { address, booleanSetting, described, group, listOf, secret, wholeNumber } from "./value-schemas.ts";

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
      secret: v.optional(
        described("The secret of tokens that are signed with HS256.", v.nullable(secret())),
        null,
      ),
      jwksUrl: v.optional(
        described("The address of the public keys of tokens.", v.nullable(address())),
        null,
      ),
      issuer: v.optional(
        described("`iss` that a token must have.", v.nullable(v.string("must be a text"))),
        null,
      ),
      audience: v.optional(
        described("`aud` that a token must have.", v.nullable(v.string("must be a text"))),
        null,
      ),
    }),
    v.check(
      (rules) => (rules.secret === null) !== (rules.jwksUrl === null),
      "needs a secret or a jwksUrl, and not both",
    ),
  );

/** Who may log in, and what clients may do and see. */
export const securitySettings = () =>
  group({
    signLogin: v.optional(
      described("Logins need a signature of the app's server, else error 4102.", booleanSetting()),
      false,
    ),
    signConversation: v.optional(
      described(
        "Creating, joining, adding and removing need a signature of the app's server, else error 4302.",
        booleanSetting(),
      ),
      false,
    ),
    signHistory: v.optional(
      described("Clients may read history over HTTP, with a signature.", booleanSetting()),
      false,
    ),
    signBlacklist: v.optional(
      described(
        "Blacklist operations need a signature of the app's server, else error 4546.",
        booleanSetting(),
      ),
      false,
    ),
    memberRoles: v.optional(
      described("Members have roles, and silence others; else error 4325.", booleanSetting()),
      false,
    ),
    blacklists: v.optional(
      described("Members block others, and clients refuse conversations; else error 4544.", booleanSetting()),
      false,
    ),
    findOthers: v.optional(
      described(
        "Which conversations of others clients can find without knowing their id: by any condition, by name, attributes and the app's own columns, or none.",
        v.picklist(["anyone", "described", "nobody"], "must be anyone, described or nobody"),
      ),
      "described",
    ),
    showMembers: v.optional(
      described(
        "Shows the members of a conversation to clients that know its id, and not to members alone.",
        booleanSetting(),
      ),
      true,
    ),
    join: v.optional(
      described(
        "The clients that add members: any client itself and members others, members alone, or none (only the app).",
        v.picklist(["anyone", "members", "nobody"], "must be anyone, members or nobody"),
      ),
      "anyone",
    ),
    removeOthers: v.optional(
      described(
        "The clients that remove others: members, the creator, or none (only the app).",
        v.picklist(["members", "creator", "nobody"], "must be members, creator or nobody"),
      ),
      "members",
    ),
    historyFrom: v.optional(
      described(
        "The history that a member reads: all of it, or messages since it joined.",
        v.picklist(["beginning", "joining"], "must be beginning or joining"),
      ),
      "beginning",
    ),
    origins: v.optional(
      described(
        "Web pages that may connect; an empty list is all of them. Others: error 4110.",
        listOf(origin()),
      ),
      [],
    ),
    masterSignMinutes: v.optional(
      described(
        "The maximum age, in minutes, of a request that is signed with the master key (`X-LC-Sign`); 0 is any age.",
        wholeNumber(0, 525_600),
      ),
      60,
    ),
    jwt: v.optional(
      described(
        "Logins may carry a JSON Web Token instead of a signature, and then must carry one of the two.",
        v.nullable(tokenRules()),
      ),
      null,
    ),
  });
