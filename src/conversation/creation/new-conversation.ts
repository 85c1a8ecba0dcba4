import { isClientId } from "../../model/client-id.ts";
import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import { type ColumnLimits, newColumns } from "../membership/attributes.ts";
import { newConversationId, uniqueConversationId, uniqueIdOf } from "../messages/ids.ts";

/** A request for a new conversation. */
export interface NewConversationRequest {
  /** Empty if the app's server names no creator. */
  creator: string;
  /** In any order, repeated or not. */
  members: string[];
  /** Whether only one conversation of exactly these members may exist (B-03). */
  unique: boolean;
  /** `name`, `attr` and custom columns; those that belong to the service are ignored. */
  columns: JsonObject;
}

/** The limits of a conversation, from the settings. */
export interface ConversationLimits extends ColumnLimits {
  members: number;
}

/** What creation depends on beside the request. */
export interface Conditions {
  appId: string;
  limits: ConversationLimits;
  /** Clock time (ms). */
  now: number;
}

/** The record of a new conversation (B-02, B-03), or why it is refused. */
export async function newConversation(
  request: NewConversationRequest,
  { appId, limits, now }: Conditions,
): Promise<ConversationRecord | Refused> {
  const members = [...new Set(request.members)].toSorted(); // as they come out of storage
  if (!members.every(isClientId)) {
    return { refused: "INVALID_LOGIN", detail: "a member's id is not 1 to 64 characters" };
  }
  if (members.length > limits.members) return { refused: "CONVERSATION_FULL" };
  const columns = newColumns(request.columns, limits);
  if ("refused" in columns) return { refused: "CONVERSATION_API_FAILED", detail: columns.refused };
  return {
    id: request.unique ? await uniqueConversationId(appId, "normal", members) : newConversationId(now),
    kind: "normal",
    ...columns,
    creator: request.creator,
    members,
    muted: [],
    unique: request.unique,
    uniqueId: request.unique ? await uniqueIdOf(members) : undefined,
    createdAt: now,
    updatedAt: now,
    lastMessageAt: undefined,
    timeToLive: undefined,
  };
}
