import type { ErrorName } from "../../protocol/errors.ts";
import type { Settings } from "../../settings/schema.ts";

/** A client that asks to add or remove members. */
export interface Requester {
  clientId: string;
  isMember: boolean;
  isCreator: boolean;
}

type Rules = Pick<Settings["security"], "join" | "removeOthers">;

/**
 * Why a client may not add or remove these members; undefined if it may (B-06). Every client may leave, and the app's
 * server may do everything.
 */
export function membershipRefusal(
  operation: "add" | "remove",
  asking: Requester,
  clientIds: readonly string[],
  rules: Rules,
): ErrorName | undefined {
  const isAboutItself = clientIds.every((id) => id === asking.clientId);
  if (operation === "remove") {
    if (isAboutItself) return undefined;
    if (!asking.isMember) return "CONVERSATION_MEMBERSHIP_REQUIRED";
    const may = rules.removeOthers === "members" || (rules.removeOthers === "creator" && asking.isCreator);
    return may ? undefined : "CONVERSATION_OPERATION_UNAUTHORIZED";
  }
  if (rules.join === "nobody") return "CONVERSATION_OPERATION_UNAUTHORIZED";
  if (asking.isMember || (rules.join === "anyone" && isAboutItself)) return undefined;
  return "CONVERSATION_MEMBERSHIP_REQUIRED";
}
