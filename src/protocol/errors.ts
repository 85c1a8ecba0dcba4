/**
 * Every numbered refusal of the protocol (wire §7). The key is what travels as `reason`: SDKs show it and apps
 * compare it, so official spellings stay, "SILIENCED" included.
 */
export const errors = {
  /** Not an official name; the official server gives such frames 4200 or 1 (wire §4.12). */
  UNSUPPORTED_COMMAND: { code: 1, meaning: "this server has no such command" },

  APP_NOT_AVAILABLE: { code: 4100, meaning: "the app does not exist or messaging is switched off for it" },
  DUPLICATED_LOGIN: { code: 4101, meaning: "logged in twice (push service only)" },
  SIGNATURE_FAILED: { code: 4102, meaning: "the login signature is missing or wrong" },
  INVALID_LOGIN: { code: 4103, meaning: "malformed client id: empty or over 64 characters" },
  SESSION_REQUIRED: { code: 4105, meaning: "the command needs an open session" },
  BLACKLISTED: { code: 4106, meaning: "the client is banned from the app" },
  READ_TIMEOUT: { code: 4107, meaning: "nothing was heard on the connection for too long" },
  LOGIN_TIMEOUT: { code: 4108, meaning: "no session was opened in time after connecting" },
  FRAME_TOO_LONG: { code: 4109, meaning: "a frame or message is longer than allowed" },
  INVALID_ORIGIN: { code: 4110, meaning: "the web origin is not among those the app allows" },
  SESSION_CONFLICT: { code: 4111, meaning: "the same client and tag are logged in on another device" },
  SESSION_TOKEN_EXPIRED: { code: 4112, meaning: "the session token is invalid or expired" },
  APP_QUOTA_EXCEEDED: { code: 4113, meaning: "the app has reached its cap of daily active users" },
  UNPARSEABLE_RAW_MESSAGE: { code: 4114, meaning: "the frame is not a command" },
  KICKED_BY_APP: { code: 4115, meaning: "logged out through the HTTP API" },
  MESSAGE_SENT_QUOTA_EXCEEDED: { code: 4116, meaning: "too many commands in too short a time" },
  UNBIND_INSTALLATION_FAILED: { code: 4117, meaning: "logout could not unbind the device from the client" },

  INTERNAL_ERROR: { code: 4200, meaning: "something failed inside the server" },
  SEND_MESSAGE_TIMEOUT: { code: 4201, meaning: "a message sent over HTTP was not taken in time" },

  CONVERSATION_INTERNAL_ERROR: { code: 4300, meaning: "something failed inside the conversation" },
  CONVERSATION_API_FAILED: { code: 4301, meaning: "the conversation operation failed; see the detail" },
  CONVERSATION_SIGNATURE_FAILED: { code: 4302, meaning: "the operation's signature is missing or wrong" },
  CONVERSATION_NOT_FOUND: { code: 4303, meaning: "no such conversation" },
  CONVERSATION_FULL: { code: 4304, meaning: "the conversation has reached its member limit" },
  CONVERSATION_REJECTED_BY_APP: { code: 4305, meaning: "a hook of the app refused the operation" },
  CONVERSATION_UPDATE_FAILED: { code: 4306, meaning: "the conversation could not be changed" },
  CONVERSATION_READ_ONLY: { code: 4307, meaning: "the conversation takes no changes" },
  CONVERSATION_NOT_ALLOWED: { code: 4308, meaning: "the client may not send here" },
  CONVERSATION_UPDATE_REJECTED: { code: 4309, meaning: "only members may change the conversation" },
  CONVERSATION_QUERY_FAILED: { code: 4310, meaning: "the query is invalid or too slow" },
  CONVERSATION_LOG_FAILED: { code: 4311, meaning: "history could not be read" },
  CONVERSATION_LOG_REJECTED: { code: 4312, meaning: "only members may read history" },
  SYSTEM_CONVERSATION_REQUIRED: { code: 4313, meaning: "only for system conversations" },
  NORMAL_CONVERSATION_REQUIRED: { code: 4314, meaning: "only for normal conversations" },
  CONVERSATION_TEMPORARY_BLACKLISTED: { code: 4315, meaning: "temporarily blocked from the conversation" },
  TRANSIENT_CONVERSATION_REQUIRED: { code: 4316, meaning: "only for chat rooms" },
  CONVERSATION_MEMBERSHIP_REQUIRED: { code: 4317, meaning: "only for members of the conversation" },
  CONVERSATION_API_QUOTA_EXCEEDED: { code: 4318, meaning: "too many conversation operations" },
  CONVERSATION_OPERATION_UNAUTHORIZED: { code: 4320, meaning: "the client's role is too low" },
  UNKNOWN_CONVERSATION_ROLE: { code: 4321, meaning: "no such role" },
  CONVERSATION_MEMBER_IN_ROLE_FULL: { code: 4322, meaning: "the role has all the members it can have" },
  TEMPORARY_CONVERSATION_EXPIRED: { code: 4323, meaning: "the temporary conversation is over" },
  CONVERSATION_NEED_OWNER: { code: 4324, meaning: "the conversation would lose its owner" },
  CONVERSATION_MEMBER_INFO_FEATURE_DISABLED: {
    code: 4325,
    meaning: "roles and member mutes are switched off",
  },

  INVALID_MESSAGING_TARGET: { code: 4401, meaning: "no such conversation, or the sender is not a member" },
  MESSAGE_REJECTED_BY_APP: { code: 4402, meaning: "a hook of the app dropped the message" },
  MESSAGE_OWNERSHIP_REQUIRED: { code: 4403, meaning: "only the sender may edit or recall a message" },
  MESSAGE_NOT_FOUND: { code: 4404, meaning: "no such message" },
  MESSAGE_UPDATE_REJECTED_BY_APP: { code: 4405, meaning: "a hook of the app refused the edit or recall" },
  MESSAGE_EDIT_DISABLED: { code: 4406, meaning: "editing by clients is switched off" },
  MESSAGE_RECALL_DISABLED: { code: 4407, meaning: "recalling by clients is switched off" },
  /** Travels negated, as the code of a patch reason (M-18). */
  MESSAGE_MODIFIED_BY_CENSORSHIP: { code: 4408, meaning: "the keyword filter changed the message" },

  BLACKLIST_FULL: { code: 4543, meaning: "the blacklist has reached its limit" },
  BLACKLIST_FEATURE_DISABLED: { code: 4544, meaning: "blacklists are switched off" },
  BLACKLIST_SIGNATURE_FAILED: {
    code: 4546,
    meaning: "the blacklist operation's signature is missing or wrong",
  },
  BLOCKED_BY_CONV: { code: 4548, meaning: "the client is on the conversation's blacklist" },
  SILIENCED_MEMBER_LIST_FULL: { code: 4561, meaning: "no more members can be muted here" },
  SILIENCED: { code: 4563, meaning: "the sender is muted in the conversation" },

  OWNER_PROMOTION_NOT_ALLOWED: { code: 5130, meaning: "nobody can be made owner" },
} as const satisfies Record<string, { code: number; meaning: string }>;

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
