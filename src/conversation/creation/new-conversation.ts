import { isClientId } from "../../model/client-id.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import { type TemporaryIds, TIME_TO_LIVE_DEFAULT, TIME_TO_LIVE_MAX } from "../../protocol/temporary-ids.ts";
import { rulesOf } from "../kinds/kinds.ts";
import { type ColumnLimits, newColumns } from "../membership/attributes.ts";
import { newConversationId, uniqueConversationId, uniqueIdOf } from "../messages/ids.ts";

/** A request for a new conversation. */
export interface NewConversationRequest {
  /** Empty if the app's server names no creator. */
  creator: string;
  /** In any order, repeated or not. */
  members: string[];
  /** Whether only one conversation of exactly these members may exist (B-03); of temporary ones, there is only one. */
  unique: boolean;
  kind: ConversationRecord["kind"];
  /** Seconds that a temporary one lives; a day if undefined. */
  timeToLive: number | undefined;
  /** `name`, `attr` and custom columns; those that belong to the service are ignored. */
  columns: JsonObject;
}

/** The limits of a conversation, from the settings. */
export interface ConversationLimits extends ColumnLimits {
  members: number;
  /** Members of a temporary one. */
  temporaryMembers: number;
}

/** What creation depends on beside the request. */
export interface Conditions {
  appId: string;
  temporaryIds: Pick<TemporaryIds, "issue">;
  limits: ConversationLimits;
  /** Clock time (ms). */
  now: number;
}

/** The record of a new conversation (B-02, B-03, E-01), or why it is refused. */
export async function newConversation(
  request: NewConversationRequest,
  { appId, temporaryIds, limits, now }: Conditions,
): Promise<ConversationRecord | Refused> {
  const { kind, creator } = request;
  const { hasMembers } = rulesOf(kind);
  const members = hasMembers ? [...new Set(request.members)].toSorted() : []; // as they come out of storage
  if (!members.every(isClientId)) {
    return { refused: "INVALID_LOGIN", detail: "a member's id is not 1 to 64 characters" };
  }
  const most = kind === "temporary" ? limits.temporaryMembers : limits.members;
  if (members.length > most) return { refused: "CONVERSATION_FULL" };
  const columns = newColumns(request.columns, limits);
  if ("refused" in columns) return { refused: "CONVERSATION_API_FAILED", detail: columns.refused };
  const begun = { kind, ...columns, creator, members, muted: [], createdAt: now, updatedAt: now };
  const none = { uniqueId: undefined, lastMessageAt: undefined, timeToLive: undefined };
  if (kind === "temporary") {
    const timeToLive = Math.min(request.timeToLive ?? TIME_TO_LIVE_DEFAULT, TIME_TO_LIVE_MAX);
    return { ...begun, ...none, id: temporaryIds.issue(members, now, timeToLive), unique: true, timeToLive };
  }
  if (!hasMembers || !request.unique) return { ...begun, ...none, id: newConversationId(now), unique: false };
  const id = await uniqueConversationId(appId, "normal", members);
  return { ...begun, ...none, id, unique: true, uniqueId: await uniqueIdOf(members) };
}
