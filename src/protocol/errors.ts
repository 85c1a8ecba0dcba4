interface ErrorEntry {
  code: number;
  meaning: string;
  /** What the developer of the app, or the operator of the server, does about it. */
  advice: string;
  /** Whether the same may succeed later, or with a new login or signature. */
  retry: boolean;
}

/**
 * Every numbered refusal of the protocol (wire §7). The key is what travels as `reason`: SDKs show it and apps
 * compare it, so official spellings stay, "SILIENCED" included.
 */
export const errors = {
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

  CONVERSATION_INTERNAL_ERROR: {
    code: 4300,
    meaning: "something failed inside the conversation",
    advice: "Try again; if it stays, look into the server's log.",
    retry: true,
  },
  CONVERSATION_API_FAILED: {
    code: 4301,
    meaning: "the conversation operation failed; see the detail",
    advice: "Read the detail: it names the field that does not fit.",
    retry: false,
  },
  CONVERSATION_SIGNATURE_FAILED: {
    code: 4302,
    meaning: "the operation's signature is missing or wrong",
    advice: "Sign the operation anew, for exactly these members.",
    retry: true,
  },
  CONVERSATION_NOT_FOUND: {
    code: 4303,
    meaning: "no such conversation",
    advice: "Check the conversation's id; it may have been deleted.",
    retry: false,
  },
  CONVERSATION_FULL: {
    code: 4304,
    meaning: "the conversation has reached its member limit",
    advice: "Remove somebody, or raise `limits.members`.",
    retry: false,
  },
  CONVERSATION_REJECTED_BY_APP: {
    code: 4305,
    meaning: "a hook of the app refused the operation",
    advice: "Ask your hook why.",
    retry: false,
  },
  CONVERSATION_UPDATE_FAILED: {
    code: 4306,
    meaning: "the conversation could not be changed",
    advice: "Read the detail: it names the field that does not fit.",
    retry: false,
  },
  CONVERSATION_READ_ONLY: {
    code: 4307,
    meaning: "the conversation takes no changes",
    advice: "Leave it as it is.",
    retry: false,
  },
  CONVERSATION_NOT_ALLOWED: {
    code: 4308,
    meaning: "the client may not send here",
    advice: "Send in another conversation.",
    retry: false,
  },
  CONVERSATION_UPDATE_REJECTED: {
    code: 4309,
    meaning: "only members may change the conversation",
    advice: "Join first.",
    retry: false,
  },
  CONVERSATION_QUERY_FAILED: {
    code: 4310,
    meaning: "the query is invalid or too slow",
    advice: "Read the detail: an operator is unknown, or the query asks too much.",
    retry: false,
  },
  CONVERSATION_LOG_FAILED: {
    code: 4311,
    meaning: "history could not be read",
    advice: "Try again.",
    retry: true,
  },
  CONVERSATION_LOG_REJECTED: {
    code: 4312,
    meaning: "only members may read history",
    advice: "Join first.",
    retry: false,
  },
  SYSTEM_CONVERSATION_REQUIRED: {
    code: 4313,
    meaning: "only for system conversations",
    advice: "Name a system conversation.",
    retry: false,
  },
  NORMAL_CONVERSATION_REQUIRED: {
    code: 4314,
    meaning: "only for normal conversations",
    advice: "Name a normal conversation.",
    retry: false,
  },
  CONVERSATION_TEMPORARY_BLACKLISTED: {
    code: 4315,
    meaning: "temporarily blocked from the conversation",
    advice: "Not sent by this server yet.",
    retry: false,
  },
  TRANSIENT_CONVERSATION_REQUIRED: {
    code: 4316,
    meaning: "only for chat rooms",
    advice: "Name a chat room.",
    retry: false,
  },
  CONVERSATION_MEMBERSHIP_REQUIRED: {
    code: 4317,
    meaning: "only for members of the conversation",
    advice: "Join first.",
    retry: false,
  },
  CONVERSATION_API_QUOTA_EXCEEDED: {
    code: 4318,
    meaning: "too many conversation operations",
    advice: "Wait a minute.",
    retry: true,
  },
  CONVERSATION_OPERATION_UNAUTHORIZED: {
    code: 4320,
    meaning: "the client's role is too low",
    advice: "Let somebody with a higher role do it.",
    retry: false,
  },
  UNKNOWN_CONVERSATION_ROLE: {
    code: 4321,
    meaning: "no such role",
    advice: "Name a role that there is.",
    retry: false,
  },
  CONVERSATION_MEMBER_IN_ROLE_FULL: {
    code: 4322,
    meaning: "the role has all the members it can have",
    advice: "Take the role from somebody else first.",
    retry: false,
  },
  TEMPORARY_CONVERSATION_EXPIRED: {
    code: 4323,
    meaning: "the temporary conversation is over",
    advice: "Begin a new one.",
    retry: false,
  },
  CONVERSATION_NEED_OWNER: {
    code: 4324,
    meaning: "the conversation would lose its owner",
    advice: "Make somebody else the owner first.",
    retry: false,
  },
  CONVERSATION_MEMBER_INFO_FEATURE_DISABLED: {
    code: 4325,
    meaning: "roles and member mutes are switched off",
    advice: "Not sent by this server yet.",
    retry: false,
  },

  INVALID_MESSAGING_TARGET: {
    code: 4401,
    meaning: "no such conversation, or the sender is not a member",
    advice: "Join the conversation, or check its id.",
    retry: false,
  },
  MESSAGE_REJECTED_BY_APP: {
    code: 4402,
    meaning: "a hook of the app dropped the message",
    advice: "Ask your hook why; its code and detail come along.",
    retry: false,
  },
  MESSAGE_OWNERSHIP_REQUIRED: {
    code: 4403,
    meaning: "only the sender may edit or recall a message",
    advice: "Let the sender do it, or your server over HTTP.",
    retry: false,
  },
  MESSAGE_NOT_FOUND: {
    code: 4404,
    meaning: "no such message",
    advice: "Check the message's id and time; it may have been deleted or recalled.",
    retry: false,
  },
  MESSAGE_UPDATE_REJECTED_BY_APP: {
    code: 4405,
    meaning: "a hook of the app refused the edit or recall",
    advice: "Ask your hook why; its code and detail come along.",
    retry: false,
  },
  MESSAGE_EDIT_DISABLED: {
    code: 4406,
    meaning: "editing by clients is switched off",
    advice: "Switch `messages.allowEdit` on.",
    retry: false,
  },
  MESSAGE_RECALL_DISABLED: {
    code: 4407,
    meaning: "recalling by clients is switched off",
    advice: "Switch `messages.allowRecall` on.",
    retry: false,
  },
  /** Travels negated, as the code of a patch reason (M-18). */
  MESSAGE_MODIFIED_BY_CENSORSHIP: {
    code: 4408,
    meaning: "the keyword filter changed the message",
    advice: "Nothing: the message was sent, changed.",
    retry: false,
  },

  BLACKLIST_FULL: {
    code: 4543,
    meaning: "the blacklist has reached its limit",
    advice: "Not sent by this server yet.",
    retry: false,
  },
  BLACKLIST_FEATURE_DISABLED: {
    code: 4544,
    meaning: "blacklists are switched off",
    advice: "Not sent by this server yet.",
    retry: false,
  },
  BLACKLIST_SIGNATURE_FAILED: {
    code: 4546,
    meaning: "the blacklist operation's signature is missing or wrong",
    advice: "Sign the operation anew.",
    retry: true,
  },
  BLOCKED_BY_CONV: {
    code: 4548,
    meaning: "the client is on the conversation's blacklist",
    advice: "Not sent by this server yet.",
    retry: false,
  },
  SILIENCED_MEMBER_LIST_FULL: {
    code: 4561,
    meaning: "no more members can be muted here",
    advice: "Not sent by this server yet.",
    retry: false,
  },
  SILIENCED: {
    code: 4563,
    meaning: "the sender is muted in the conversation",
    advice: "Not sent by this server yet.",
    retry: false,
  },

  OWNER_PROMOTION_NOT_ALLOWED: {
    code: 5130,
    meaning: "nobody can be made owner",
    advice: "Choose another role.",
    retry: false,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorName = keyof typeof errors;

/**
 * Errors that also serve as WebSocket close codes (wire §2.5). Only after a `final` one do official SDKs (and of
 * those only JavaScript) stay away; after every other they reconnect.
 */
export const closes = {
  APP_NOT_AVAILABLE: { final: true },
  INVALID_LOGIN: { final: true },
  INVALID_ORIGIN: { final: true },
  READ_TIMEOUT: { final: false },
  LOGIN_TIMEOUT: { final: false },
  FRAME_TOO_LONG: { final: false },
  UNPARSEABLE_RAW_MESSAGE: { final: false },
  MESSAGE_SENT_QUOTA_EXCEEDED: { final: false },
  INTERNAL_ERROR: { final: false },
} as const satisfies Partial<Record<ErrorName, { final: boolean }>>;

export type ClosingErrorName = keyof typeof closes;
