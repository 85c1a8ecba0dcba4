import type { ErrorName } from "../../protocol/errors.ts";
import type { KindRules } from "./kind-rules.ts";

/** The commands about roles, silences and blacklists, for a kind in which clients have none of them. */
export const noPermissions = (error: ErrorName): KindRules["refusals"] => ({
  "conversation.giveRole": error,
  "conversation.silence": error,
  "conversation.unsilence": error,
  "conversation.silenced": error,
  "conversation.checkSilenced": error,
  "conversation.block": error,
  "conversation.unblock": error,
  "conversation.blocked": error,
  "conversation.checkBlocked": error,
});
