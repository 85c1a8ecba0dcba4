import type { ErrorName } from "../../protocol/errors.ts";
import type { Settings } from "../../settings/schema.ts";
import { type Action, type Role, roleRefusal, targetRefusal } from "../permissions/permissions.ts";

/** A client that asks for something in a conversation. */
export interface Requester {
  clientId: string;
  /** Whether it belongs to those who may act on others: a member, or anybody where nobody is a member. */
  isMember: boolean;
  isCreator: boolean;
  /** Undefined while roles are off. */
  role: Role | undefined;
  /** Whether anybody was given a role here: then the Owner has to stay, as upstream's own tests show. */
  areRolesGiven: boolean;
}

type Rules = Pick<Settings["security"], "join" | "removeOthers">;

/**
 * Why a client may not add or remove these members; undefined if it may (B-06). Every client may leave, but for the Owner
 * where roles were given, and the app's server may do everything.
 */
export function membershipRefusal(
  operation: "add" | "remove",
  asking: Requester,
  clientIds: readonly string[],
  rules: Rules,
): ErrorName | undefined {
  const isAboutItself = clientIds.every((id) => id === asking.clientId);
  if (operation === "remove") {
    if (!isAboutItself) return refusalAboutOthers("remove", asking, rules);
    return hasToStay(asking) && asking.isMember && clientIds.length > 0
      ? "CONVERSATION_NEED_OWNER"
      : undefined;
  }
  if (rules.join === "nobody") return "CONVERSATION_OPERATION_UNAUTHORIZED";
  if (rules.join === "anyone" && isAboutItself) return undefined;
  if (!asking.isMember) return "CONVERSATION_MEMBERSHIP_REQUIRED";
  return isAboutItself || asking.role === undefined ? undefined : roleRefusal("add", asking.role);
}

const hasToStay = ({ role, areRolesGiven }: Requester): boolean => role === "Owner" && areRolesGiven;

/** Why a client may not do something to others at all; undefined if it may. */
export function refusalAboutOthers(
  action: Exclude<Action, "add">,
  asking: Requester,
  { removeOthers }: Pick<Rules, "removeOthers">,
): ErrorName | undefined {
  if (!asking.isMember) return "CONVERSATION_MEMBERSHIP_REQUIRED";
  const removes = action === "remove" || action === "block";
  if (removes && (removeOthers === "nobody" || (removeOthers === "creator" && !asking.isCreator)))
    return "CONVERSATION_OPERATION_UNAUTHORIZED";
  return asking.role === undefined ? undefined : roleRefusal(action, asking.role);
}

/** Why a command reaches nobody whom it names, where that has one reason; undefined if it reaches somebody. */
export function refusalOfAll({ reached, failed }: Reached): ErrorName | undefined {
  return reached.length === 0 && failed.length === 1 ? failed[0]?.error : undefined;
}

/** Clients that an action reaches, and those that it does not, by reason. */
export interface Reached {
  reached: string[];
  failed: { error: ErrorName; clientIds: string[] }[];
}

/**
 * Which of some clients an action reaches, while roles are on: those of a lower role. Members who remove
 * others may leave with them.
 */
export function reachedBy(
  action: Exclude<Action, "add">,
  asking: Requester,
  clientIds: readonly string[],
  roleOf: (clientId: string) => Role,
): Reached {
  const { clientId: self, role } = asking;
  const mayLeave = action === "remove" && !hasToStay(asking);
  const named = [...new Set(clientIds)];
  if (role === undefined) return { reached: named, failed: [] };
  const reached: string[] = [];
  const failed = new Map<ErrorName, string[]>();
  for (const clientId of named) {
    const refusal = clientId === self && mayLeave ? undefined : targetRefusal(action, role, roleOf(clientId));
    if (refusal === undefined) reached.push(clientId);
    else failed.set(refusal, [...(failed.get(refusal) ?? []), clientId]);
  }
  return { reached, failed: [...failed].map(([error, ids]) => ({ error, clientIds: ids })) };
}
