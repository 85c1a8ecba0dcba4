import type { ErrorTable } from "./error-table.ts";

/** Refusals of what clients do with conversations and their members. */
export const conversationErrors = {
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
    meaning: "the sender is muted in the conversation for a time",
    advice: "Wait until it ends, or end it over HTTP.",
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
    advice: "Leave the owner in: it is the creator, and nobody else can be.",
    retry: false,
  },
  CONVERSATION_MEMBER_INFO_FEATURE_DISABLED: {
    code: 4325,
    meaning: "roles and member mutes are switched off",
    advice: "Set `security.memberRoles`.",
    retry: false,
  },

  BLACKLIST_FULL: {
    code: 4543,
    meaning: "the blacklist has reached its limit",
    advice: "Unblock somebody, or raise `limits.listedClients`.",
    retry: false,
  },
  BLACKLIST_FEATURE_DISABLED: {
    code: 4544,
    meaning: "blacklists are switched off",
    advice: "Set `security.blacklists`.",
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
    meaning: "the client is on the conversation's blacklist, or refuses to be added",
    advice: "Unblock the client; if it refuses, it has to accept again.",
    retry: false,
  },
  SILIENCED_MEMBER_LIST_FULL: {
    code: 4561,
    meaning: "no more members can be muted here",
    advice: "Unmute somebody, or raise `limits.listedClients`.",
    retry: false,
  },
  SILIENCED: {
    code: 4563,
    meaning: "the sender is muted in the conversation",
    advice: "Have an Owner or Manager unmute them.",
    retry: false,
  },

  OWNER_PROMOTION_NOT_ALLOWED: {
    code: 5130,
    meaning: "nobody can be made owner",
    advice: "Choose another role.",
    retry: false,
  },
} as const satisfies ErrorTable;
