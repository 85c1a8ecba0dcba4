import { memberRoles, type StoredRole } from "../../model/records.ts";
import { ROLES_MAX } from "../permissions/roles.ts";
import type { ConversationState } from "../state.ts";

/** The role of a client on another service; the Owner's has a row there at times. */
export type ImportedRole = Omit<StoredRole, "role"> & { role: string };

/** Rows of one list on another service. */
export type ImportedList =
  | { list: "roles"; rows: ImportedRole[] }
  | { list: "silences" | "blacklist"; clientIds: string[] };

/** What became of each row, and for roles all that there are now, for D1. */
export interface PermissionImport {
  outcomes: ("added" | "changed" | "kept" | { refused: string })[];
  roles: StoredRole[];
  /** When these were all roles (ms). */
  asOf: number;
}

/** Clients that one list takes from another service. */
const LIST_MAX = 10_000;

/** Takes over roles, silences or a blacklist. Nobody is notified, and what was changed here later stays. */
export function importPermissions(state: ConversationState, imported: ImportedList): PermissionImport {
  const outcomes =
    imported.list === "roles"
      ? imported.rows.map((row) => importRole(state, row))
      : importList(state, imported.list, imported.clientIds);
  return { outcomes, roles: state.permissions.roles.all(), asOf: state.facts.updatedAt };
}

type Outcome = PermissionImport["outcomes"][number];

function importRole(state: ConversationState, row: ImportedRole): Outcome {
  const { facts, members, permissions } = state;
  const { roles } = permissions;
  if (permissions.roleOf(row.clientId, facts.creator) === "Owner") return "kept"; // the creator, whatever the row says
  const role = memberRoles.find((known) => known === row.role);
  if (role === undefined) return { refused: "role: must be Manager or Member, but for the creator" };
  if (state.rules.hasMembers && !members.has(row.clientId)) return { refused: "clientId: is no member" };
  const before = roles.get(row.clientId);
  if (before !== undefined && (before.updatedAt >= row.updatedAt || before.role === role)) return "kept";
  if (before === undefined && roles.size >= ROLES_MAX) return { refused: `at most ${ROLES_MAX} roles` };
  roles.put({ ...row, role, infoId: before?.infoId ?? row.infoId });
  return before === undefined ? "added" : "changed";
}

function importList(
  state: ConversationState,
  name: "silences" | "blacklist",
  clientIds: string[],
): Outcome[] {
  const list = state.permissions.listOf(name);
  const lifted = liftedHere(state, name);
  return clientIds.map((clientId) => {
    const isMemberHere = name === "blacklist" && state.members.has(clientId);
    if (isMemberHere || lifted.has(clientId)) return "kept";
    const { added, full } = list.add([clientId], LIST_MAX);
    if (full.length > 0) return { refused: `at most ${LIST_MAX} clients` };
    return added.length > 0 ? "added" : "kept";
  });
}

/** The clients that were taken off the list here, as far as notices go back. */
function liftedHere({ notices }: ConversationState, name: "silences" | "blacklist"): Set<string> {
  const kind = name === "silences" ? "unsilenced" : "unblocked";
  const lifted = notices.since(0).flatMap(({ notice }) => (notice.kind === kind ? notice.members : []));
  return new Set(lifted);
}
