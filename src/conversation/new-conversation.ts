import { isClientId } from "../model/client-id.ts";
import type { JsonObject } from "../model/json.ts";
import type { Refused } from "../model/outcome.ts";
import type { ConversationRecord } from "../model/records.ts";
import { type ColumnLimits, newColumns } from "./attributes.ts";
import { newConversationId, uniqueConversationId, uniqueIdOf } from "./ids.ts";

/** A conversation as somebody wants it. */
export interface Wanted {
  /** Empty where the app's server names nobody. */
  creator: string;
  /** In any order, repeated or not. */
  members: string[];
  /** Exactly one conversation of these members is to exist (B-03). */
  unique: boolean;
  /** `name`, `attr` and columns of the app's own; those the service owns are passed over. */
  columns: JsonObject;
}

/** The limits a conversation keeps, from the settings. */
export interface ConversationLimits extends ColumnLimits {
  members: number;
}

/** What creating depends on beside the wish. */
export interface Conditions {
  appId: string;
  limits: ConversationLimits;
  /** Milliseconds. */
  now: number;
}

/** The record to start a conversation with (B-02, B-03), whoever wants it, or why it cannot be. */
export async function newConversation(
  wanted: Wanted,
  { appId, limits, now }: Conditions,
): Promise<ConversationRecord | Refused> {
  const members = [...new Set(wanted.members)].toSorted(); // as they come out of storage
  if (!members.every(isClientId)) {
    return { refused: "INVALID_LOGIN", detail: "a member's id is not 1 to 64 characters" };
  }
  if (members.length > limits.members) return { refused: "CONVERSATION_FULL" };
  const columns = newColumns(wanted.columns, limits);
  if ("refused" in columns) return { refused: "CONVERSATION_API_FAILED", detail: columns.refused };
  return {
    id: wanted.unique ? await uniqueConversationId(appId, "normal", members) : newConversationId(now),
    kind: "normal",
    ...columns,
    creator: wanted.creator,
    members,
    muted: [],
    unique: wanted.unique,
    uniqueId: wanted.unique ? await uniqueIdOf(members) : undefined,
    createdAt: now,
    updatedAt: now,
    lastMessageAt: undefined,
    timeToLive: undefined,
  };
}
