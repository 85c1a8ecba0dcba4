import { recordMatches } from "../database/conversations/record-matches.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Sql } from "../sql.ts";
import type { ConversationLimits } from "./creation/new-conversation.ts";
import { NO_ORIGIN } from "./delivery/skipped-entry.ts";
import type { KindRules } from "./kinds/kind-rules.ts";
import { rulesOf } from "./kinds/kinds.ts";
import { changeColumns } from "./membership/attributes.ts";
import type { Membership } from "./membership/membership.ts";
import type { ListChange, RowChange, RowChanged } from "./server-calls.ts";

interface RowHost {
  record(): ConversationRecord;
  sql: Sql;
  limits: ConversationLimits;
  membership: Membership;
}

/**
 * Everything is checked and written in this turn, before the first await: the row cannot change between the condition
 * and the change, and a change that is refused in one part is not made in another.
 */
export async function changeRow(change: RowChange, host: RowHost): Promise<RowChanged> {
  const before = host.record();
  const fixed = fixedPartOf(change, rulesOf(before.kind));
  if (fixed !== undefined) return { refused: fixed };
  const fits = change.where === undefined || recordMatches(host.sql, before, change.where);
  if (fits === false) return { unmet: true };
  if (fits !== true) return fits;

  const members = differenceOf(before.members, change.members);
  const removed = new Set(members.removed);
  const after = new Set([...before.members.filter((clientId) => !removed.has(clientId)), ...members.added]);
  if (members.added.length > 0 && after.size > host.limits.members) return { refused: "CONVERSATION_FULL" };
  const nonMember = change.muted?.clientIds.find((clientId) => !after.has(clientId));
  if (nonMember !== undefined && change.muted?.to !== "remove") return { notMember: nonMember };
  const muted = differenceOf(before.muted, change.muted);
  const hasColumns = Object.keys(change.columns).length > 0;
  const columns = changeColumns(before, change.columns, host.limits);
  if ("refused" in columns) return { refused: "CONVERSATION_UPDATE_FAILED", detail: columns.refused };

  const { membership } = host;
  const outcomes = await Promise.all([
    members.removed.length > 0 && membership.removeMembers(members.removed, ""),
    members.added.length > 0 && membership.addMembers(members.added, ""),
    muted.removed.length > 0 && membership.setMuted(muted.removed, false),
    muted.added.length > 0 && membership.setMuted(muted.added, true),
    hasColumns && membership.change(change.columns, { clientId: "", origin: NO_ORIGIN }),
  ]);
  const refusal = outcomes.find((outcome) => outcome !== false && "refused" in outcome);
  if (refusal && "refused" in refusal) return refusal;
  return { conversation: host.record() };
}

/** The error for a change of what stays as it is. */
function fixedPartOf({ members, muted, columns }: RowChange, { fixed }: KindRules): ErrorName | undefined {
  if (members !== undefined && fixed.members !== undefined) return fixed.members;
  if (muted !== undefined && fixed.mutes !== undefined) return fixed.mutes;
  return Object.keys(columns).length > 0 ? fixed.columns : undefined;
}

function differenceOf(before: readonly string[], change: ListChange | undefined) {
  if (change === undefined) return { added: [], removed: [] };
  const { to, clientIds } = change;
  const [there, named] = [new Set(before), new Set(clientIds)];
  const isKept = (clientId: string) =>
    to === "set" ? named.has(clientId) : to === "add" || !named.has(clientId);
  return {
    added: to === "remove" ? [] : [...named].filter((clientId) => !there.has(clientId)),
    removed: before.filter((clientId) => !isKept(clientId)),
  };
}
