import type { MessageRecord } from "../../model/records.ts";
import type { OpenConversation } from "../assemble-conversation.ts";
import { coveredAt } from "../membership/cursor-moves.ts";
import type { Member } from "../membership/members.ts";
import { hasReceipts } from "../membership/receipts.ts";
import { timeOfMessageId } from "../messages/ids.ts";
import type { ConversationState } from "../state.ts";
import type { Fact, InspectedMessage, MessageAsked, MessageRecipient } from "./inspection-calls.ts";

const unknown = (why: string): Fact => ({ known: false, why });

/** A message of the log, and how far it came to each of those it is for. */
export async function inspectMessage(
  { state, conversation }: OpenConversation,
  { messageId, timestamp, after, limit }: MessageAsked,
): Promise<InspectedMessage> {
  conversation.reads.flush();
  conversation.receipts.saveAll();
  const sentAt = timestamp ?? timeOfMessageId(messageId);
  const message = sentAt === undefined ? undefined : state.log.find(sentAt, messageId);
  const { kind } = state.facts;
  if (message === undefined) return { kind, message, recipients: [], total: 0, hasMore: false };
  const ids = recipientsOf(state, message);
  const left = ids.filter((clientId) => after === undefined || clientId > after);
  const recipients = left.slice(0, limit).map((clientId) => recipientOf(state, message, clientId));
  return { kind, message, recipients, total: ids.length, hasMore: left.length > limit };
}

/** In the order of their ids. */
function recipientsOf(state: ConversationState, { from, recipients }: MessageRecord): string[] {
  return state
    .recipientsOf({ from, to: recipients })
    .map(({ clientId }) => clientId)
    .toSorted();
}

function recipientOf(state: ConversationState, message: MessageRecord, clientId: string): MessageRecipient {
  const { service } = state;
  const { timestamp } = message;
  if (service !== undefined) {
    const { readCursor, acknowledged = 0 } = service.readers.get(clientId);
    const marked = readCursor > service.readers.start;
    const isRead = marked && readCursor >= timestamp;
    const isDelivered = isRead || acknowledged >= timestamp;
    const noMark = "a service keeps no delivered mark of devices that are sent unread counts";
    return {
      clientId,
      delivered: isDelivered ? { known: true, is: true, at: undefined } : unknown(noMark),
      read: { known: true, is: isRead, at: undefined },
    };
  }
  const member = state.members.get(clientId);
  if (member === undefined) {
    const gone = unknown("the client is no member any more");
    return { clientId, delivered: gone, read: gone };
  }
  if (member.joinedAt > timestamp) {
    const later = unknown("the client joined after the message, or again since");
    return { clientId, delivered: later, read: later };
  }
  const delivered = covered(member.deliveredCursor, member.deliveredMoves, timestamp);
  const isKept = delivered.is || hasReceipts(state);
  return {
    clientId,
    delivered: isKept ? delivered : unknown("delivered marks are kept in conversations of two alone"),
    read: covered(member.readCursor, member.readMoves, timestamp),
  };
}

/** Whether a mark has passed a message, and when, where moves of the mark are kept. */
function covered(cursor: number, moves: Member["readMoves"], timestamp: number) {
  const is = cursor >= timestamp;
  const at = is && moves.length > 0 ? coveredAt(moves, cursor, timestamp) : undefined;
  return { known: true, is, at } satisfies Fact;
}
