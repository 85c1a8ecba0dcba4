import * as clientEvents from "../../protocol/client-events.ts";
import { unreadRecord } from "../../protocol/link-records.ts";
import type { ConversationState } from "../state.ts";
import type { UnreadRequest } from "./client-event.ts";

/** The longest time a message takes to a device (ms); the time sent with unread counts is older than that. */
const IN_FLIGHT = 2_000;

/** A member's unread count as it is now (Y-15); undefined for others. */
export function unreadOf(
  state: ConversationState,
  clientId: string,
  count: UnreadRequest,
  now: number,
): Uint8Array | undefined {
  const member = state.members.get(clientId);
  if (member === undefined) return undefined;
  const changedAt = count === "recount" ? member.readCursorMovedAt : now;
  const { count: unread, mentioned } = state.log.unread(clientId, member.readCursor);
  const { id: conversationId, kind } = state.facts;
  const notifiedAt = now - IN_FLIGHT;
  const summary = { conversationId, kind, unread, mentioned };
  return unreadRecord(
    { upTo: state.log.end, changedAt },
    clientEvents.unread({ conversations: [summary], notifiedAt }),
  );
}
