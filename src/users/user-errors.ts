/** Why something with a user is refused, with the codes that SDKs know. */
export const userErrors = {
  /** LeanCloud's code for what an app's console has switched off. */
  SENDS_NOTHING: {
    code: 119,
    error:
      "Parley sends no text messages and no mail. Let a server of yours verify the user and change the row with the " +
      "master key, or set users.where to upstream.",
  },
  ACL_INVALID: { code: 123, error: "Invalid ACL." },
  EMAIL_INVALID: { code: 125, error: "The email address was invalid." },
  PHONE_INVALID: { code: 127, error: "The mobile phone number was invalid." },
  USERNAME_MISSING: { code: 200, error: "Username is missing or empty." },
  PASSWORD_MISSING: { code: 201, error: "Password is missing or empty." },
  USERNAME_TAKEN: { code: 202, error: "Username has already been taken." },
  EMAIL_TAKEN: { code: 203, error: "Email has already been taken." },
  SESSION_MISSING: { code: 206, error: "The user cannot be altered by a client without the session." },
  SIGN_UP_CLOSED: { code: 207, error: "Users cannot sign up: the setting users.signUp is off." },
  THIRD_PARTY_CLOSED: {
    code: 207,
    error: "Users cannot log in by accounts on other platforms: the setting users.thirdParty is off.",
  },
  LINKED_TO_OTHER: { code: 208, error: "An existing account already linked to another user." },
  MISMATCH: { code: 210, error: "The username and password mismatch." },
  NOT_FOUND: { code: 211, error: "Could not find user." },
  PHONE_TAKEN: { code: 214, error: "Mobile phone number has already been taken." },
  USERNAME_INVALID: { code: 217, error: "Invalid username, it must be a non-blank string." },
  PASSWORD_INVALID: { code: 218, error: "Invalid password, it must be a non-blank string." },
  TOO_MANY_FAILURES: { code: 219, error: "Too many failed logins; try again in 15 minutes." },
  LINKED_ID_MISSING: { code: 250, error: "Linked id missing from request." },
} as const satisfies Record<string, { code: number; error: string }>;

export type UserErrorName = keyof typeof userErrors;

/** A refusal, with what exactly is wrong where the sentence alone does not say it. */
export interface UserRefused {
  refused: UserErrorName;
  detail?: string;
}
