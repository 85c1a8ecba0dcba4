import type { KindRules } from "./kind-rules.ts";
import { noPermissions } from "./no-permissions.ts";

/** Service conversations: the app's server speaks to subscribers, and each client with it alone (V-01 to V-08). */
export const service: KindRules = {
  refusals: {
    "conversation.update": "CONVERSATION_UPDATE_REJECTED",
    "conversation.members": "TRANSIENT_CONVERSATION_REQUIRED",
    ...noPermissions("NORMAL_CONVERSATION_REQUIRED"),
  },
  fixed: { members: "NORMAL_CONVERSATION_REQUIRED" },
  hasMembers: false,
  writers: "anyone",
  readers: "anyone",
  isService: true,
  isAcknowledged: true,
  isRoom: false,
  hasReceipts: false,
  isCopied: true,
};
