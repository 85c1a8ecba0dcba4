import type { KindRules } from "./kind-rules.ts";

/** Conversations of two and of many. */
export const normal: KindRules = {
  refusals: { "conversation.members": "TRANSIENT_CONVERSATION_REQUIRED" },
  fixed: {},
  hasMembers: true,
  writers: "members",
  readers: "members",
  isService: false,
  isAcknowledged: true,
  isRoom: false,
  hasReceipts: true,
  isCopied: true,
};
