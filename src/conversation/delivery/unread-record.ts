import * as clientEvents from "../../protocol/client-events.ts";
import { unreadRecord } from "../../protocol/link-records.ts";
import type { ConversationState } from "../state.ts";

/** The time sent with unread counts is this much (ms) in the past: most messages on their way take less. */
const NOTIFIED_AT_MARGIN = 2_000;

/**
 * A member's unread count as it is now (Y-15); undefined for others.
 *
 * @param changedAt when it last changed other than by growing (ms)
 */
export function unreadOf(
  state: ConversationState,
  clientId: string,
  changedAt: number,
  now: number,
): Uint8Array | undefined {
  const member = state.members.get(clientId);
  if (member === undefined) return undefined;
  return unreadCountRecord(state, state.log.unread(clientId, member.readCursor), changedAt, now);
}

/** The record of a count; the times as above. */
export function unreadCountRecord(
  state: ConversationState,
  { count: unread, mentioned }: { count: number; mentioned: boolean },
  changedAt: number,
  now: number,
): Uint8Array {
  const { id: conversationId, kind } = state.facts;
  const notifiedAt = now - NOTIFIED_AT_MARGIN;
  const summary = { conversationId, kind, unread, mentioned };
  return unreadRecord(
    { upTo: state.log.end, changedAt },
    clientEvents.unread({ conversations: [summary], notifiedAt }),
  );
}
