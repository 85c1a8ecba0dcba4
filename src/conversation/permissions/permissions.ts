import type { ErrorName } from "../../protocol/errors.ts";
import type { ConversationTables } from "../conversation-tables.ts";
import { ClientList } from "./client-list.ts";
import { Roles } from "./roles.ts";
import { Silences } from "./silences.ts";

export type Role = "Owner" | "Manager" | "Member";

/** What a client does to others in a conversation. */
export type Action = "add" | "remove" | "silence" | "block" | "giveRole";

/** While roles are on: who may do what to others. Everybody may leave, but for the Owner. */
const ALLOWED: Readonly<Record<Action, Readonly<Record<Role, boolean>>>> = {
  add: { Owner: true, Manager: true, Member: false },
  remove: { Owner: true, Manager: true, Member: false },
  silence: { Owner: true, Manager: true, Member: false },
  block: { Owner: true, Manager: true, Member: false },
  giveRole: { Owner: true, Manager: true, Member: false },
};

const RANKS: Readonly<Record<Role, number>> = { Member: 0, Manager: 1, Owner: 2 };

/** Why a client of a role may not do something to others at all; undefined if it may. */
export function roleRefusal(action: Action, role: Role): ErrorName | undefined {
  return ALLOWED[action][role] ? undefined : "CONVERSATION_OPERATION_UNAUTHORIZED";
}

/** Why an action does not reach a client of a role: it must be a lower one, and the Owner stays. */
export function targetRefusal(action: Action, role: Role, target: Role): ErrorName | undefined {
  if (action === "add") return undefined;
  const removes = action === "remove" || action === "block";
  if (target === "Owner" && removes) return "CONVERSATION_NEED_OWNER";
  return RANKS[role] > RANKS[target] ? undefined : "CONVERSATION_OPERATION_UNAUTHORIZED";
}

/** What a conversation keeps about who may do what in it: roles, silences, and who may not join or be added. */
export class Permissions {
  readonly roles: Roles;
  readonly silences: Silences;
  /** Clients that may not join. */
  readonly blacklist: ClientList;
  /** Clients that do not want to be added by others. Each keeps its own list of such conversations, too. */
  readonly refusals: ClientList;

  constructor(tables: ConversationTables) {
    this.roles = new Roles(tables);
    this.silences = new Silences(tables);
    this.blacklist = new ClientList(tables, "blacklist");
    this.refusals = new ClientList(tables, "refusals");
  }

  listOf(list: "silences" | "blacklist"): ClientList {
    return list === "silences" ? this.silences.list : this.blacklist;
  }

  /** @param creator empty for a conversation of the app's server, which has no Owner */
  roleOf(clientId: string, creator: string): Role {
    if (creator !== "" && clientId === creator) return "Owner";
    return this.roles.get(clientId)?.role ?? "Member";
  }

  /** Whether somebody (`by`; the empty string for the app's server) may not make a client a member. */
  barsFromJoining(clientId: string, by: string): boolean {
    return this.blacklist.has(clientId) || (by !== clientId && this.refusals.has(clientId));
  }
}
