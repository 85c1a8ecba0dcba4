import { Hono } from "hono";
import { userErrors } from "../../users/user-errors.ts";
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

export const verificationRoutes = new Hono<HttpEnv>();

for (const name of [...BY_TEXT_MESSAGE, ...BY_MAIL])
  verificationRoutes.all(`/1.1/${name}/*`, (context) => refuse(context, 400, userErrors.SENDS_NOTHING));
