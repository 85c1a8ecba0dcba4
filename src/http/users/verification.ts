import { Hono } from "hono";
import type { HttpEnv } from "../env.ts";
import { refuse } from "../errors.ts";

/** Requests of SDKs that need a text message or an e-mail, which Parley does not send. */
const BY_TEXT_MESSAGE = [
  "usersByMobilePhone",
  "requestLoginSmsCode",
  "requestMobilePhoneVerify",
  "verifyMobilePhone",
  "requestPasswordResetBySmsCode",
  "resetPasswordBySmsCode",
  "requestChangePhoneNumber",
  "changePhoneNumber",
];
const BY_MAIL = ["requestPasswordReset", "requestEmailVerify"];

/** Whether a path is one of these. */
export const isVerification = (path: string): boolean => {
  const [, version, name = ""] = path.split("/");
  return version === "1.1" && (BY_TEXT_MESSAGE.includes(name) || BY_MAIL.includes(name));
};

/** LeanCloud's code for what an app's console has switched off. */
const SWITCHED_OFF = 119;

export const sendsNothing = (what: "text messages" | "mail") => ({
  code: SWITCHED_OFF,
  error:
    `Parley sends no ${what}. Let a server of yours verify the user and change the row with the master key, ` +
    "or set users.where to upstream.",
});

export const verificationRoutes = new Hono<HttpEnv>();

for (const [names, what] of [
  [BY_TEXT_MESSAGE, "text messages"],
  [BY_MAIL, "mail"],
] as const) {
  for (const name of names)
    verificationRoutes.all(`/1.1/${name}/*`, (context) => refuse(context, 400, sendsNothing(what)));
}
