import type { KindRules } from "./kind-rules.ts";

/** Chat rooms: those who are present hear, and anybody may speak. */
export const room: KindRules = {
  refusals: {},
  fixed: { members: "NORMAL_CONVERSATION_REQUIRED" },
  hasMembers: false,
  writers: "anyone",
  readers: "anyone",
  isService: false,
  isAcknowledged: false,
  isRoom: true,
  hasReceipts: false,
  isCopied: true,
};
