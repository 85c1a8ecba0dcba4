import type { KindRules } from "./kind-rules.ts";
import { noPermissions } from "./no-permissions.ts";

const NORMAL_ALONE = "NORMAL_CONVERSATION_REQUIRED";

/** Conversations of a few that end after a time, and of which nothing is left then (E-01 to E-05). */
export const temporary: KindRules = {
  refusals: {
    "conversation.add": NORMAL_ALONE,
    "conversation.remove": NORMAL_ALONE,
    "conversation.update": NORMAL_ALONE,
    "conversation.mute": NORMAL_ALONE,
    "conversation.unmute": NORMAL_ALONE,
    "conversation.members": "TRANSIENT_CONVERSATION_REQUIRED",
    ...noPermissions(NORMAL_ALONE),
  },
  fixed: { members: NORMAL_ALONE, mutes: NORMAL_ALONE, columns: NORMAL_ALONE },
  hasMembers: true,
  writers: "members",
  readers: "members",
  isService: false,
  isAcknowledged: true,
  isRoom: false,
  hasReceipts: true,
  isCopied: false,
};
