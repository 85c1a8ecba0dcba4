import type { ErrorTable } from "./error-table.ts";

/** Refusals of connections, logins and sessions, and failures of the server as a whole. */
export const sessionErrors = {
  /** Not an official name; the official server gives such frames 4200 or 1 (wire §4.12). */
  UNSUPPORTED_COMMAND: {
    code: 1,
    meaning: "this server has no such command",
    advice: "Use a newer server, or do without the feature; docs/features.md has what there is.",
    retry: false,
  },

  APP_NOT_AVAILABLE: {
    code: 4100,
    meaning: "the app does not exist or messaging is switched off for it",
    advice: "Compare the app id in the app with APP_ID of the server.",
    retry: false,
  },
  DUPLICATED_LOGIN: {
    code: 4101,
    meaning: "logged in twice (push service only)",
    advice: "Not sent by this server.",
    retry: false,
  },
  SIGNATURE_FAILED: {
    code: 4102,
    meaning: "the login signature is missing or wrong",
    advice:
      "Sign anew: with the master key, for this very operation, with a clock that is right. Devices that were kicked need a new signature.",
    retry: true,
  },
  INVALID_LOGIN: {
    code: 4103,
    meaning: "malformed client id: empty or over 64 characters",
    advice: "Choose a client id of 1 to 64 characters, and shorter tags and device ids.",
    retry: false,
  },
  SESSION_REQUIRED: {
    code: 4105,
    meaning: "the command needs an open session",
    advice: "Log in first; SDKs do so by themselves.",
    retry: true,
  },
  BLACKLISTED: {
    code: 4106,
    meaning: "the client is banned from the app",
    advice: "Take the ban back with DELETE /admin/bans, if it was a mistake.",
    retry: false,
  },
  READ_TIMEOUT: {
    code: 4107,
    meaning: "nothing was heard on the connection for too long",
    advice: "Connect again; SDKs do so by themselves.",
    retry: true,
  },
  LOGIN_TIMEOUT: {
    code: 4108,
    meaning: "no session was opened in time after connecting",
    advice: "Log in right after connecting.",
    retry: true,
  },
  FRAME_TOO_LONG: {
    code: 4109,
    meaning: "a frame or message is longer than allowed",
    advice: "Send less at once: `limits.messageBytes` bounds a message, and a frame has 128 KiB at most.",
    retry: false,
  },
  INVALID_ORIGIN: {
    code: 4110,
    meaning: "the web origin is not among those the app allows",
    advice: "Add the page's origin to `security.origins`.",
    retry: false,
  },
  SESSION_CONFLICT: {
    code: 4111,
    meaning: "the same client and tag are logged in on another device",
    advice: "Tell the person that another device took over, and let them log in again.",
    retry: false,
  },
  SESSION_TOKEN_EXPIRED: {
    code: 4112,
    meaning: "the session token is invalid or expired",
    advice: "Log in with a signature instead of the token; SDKs do so by themselves.",
    retry: true,
  },
  APP_QUOTA_EXCEEDED: {
    code: 4113,
    meaning: "the app has reached its cap of daily active users",
    advice: "Not sent by this server.",
    retry: false,
  },
  UNPARSEABLE_RAW_MESSAGE: {
    code: 4114,
    meaning: "the frame is not a command",
    advice: "Speak one of the sub-protocols that were agreed on; look for a proxy that changes frames.",
    retry: false,
  },
  KICKED_BY_APP: {
    code: 4115,
    meaning: "logged out through the HTTP API",
    advice: "Log in again, if your app wants it.",
    retry: true,
  },
  MESSAGE_SENT_QUOTA_EXCEEDED: {
    code: 4116,
    meaning: "too many commands in too short a time",
    advice:
      "Wait a minute. If people meet it, raise the limits in the settings, unless the server has too much to do.",
    retry: true,
  },
  UNBIND_INSTALLATION_FAILED: {
    code: 4117,
    meaning: "logout could not unbind the device from the client",
    advice: "Nothing: the server tries again by itself. Until then pushes may reach the device.",
    retry: true,
  },

  INTERNAL_ERROR: {
    code: 4200,
    meaning: "something failed inside the server",
    advice: "Try again; if it stays, look into the server's log.",
    retry: true,
  },
  SEND_MESSAGE_TIMEOUT: {
    code: 4201,
    meaning: "a message sent over HTTP was not taken in time",
    advice: "Try again with the same Idempotency-Key: it may have been sent.",
    retry: true,
  },
} as const satisfies ErrorTable;
