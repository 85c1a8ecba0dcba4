import type { Refused } from "../../protocol/outcome.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import type { OpenConversation } from "../assemble-conversation.ts";
import { reachedAt } from "../membership/cursor-moves.ts";
import type { Member } from "../membership/members.ts";
import { unreadInService } from "../service/service-unread.ts";
import type { ConversationState } from "../state.ts";
import type { Mark, MarksAsked, MarksPage, MemberMarks } from "./inspection-calls.ts";

/** Unread counts between two turns of everybody else: each may look at 10,000 messages. */
const COUNTED_AT_ONCE = 8;

/** A page of who is in the conversation, with everything that it keeps about each. */
export async function memberMarks(
  { state, conversation }: OpenConversation,
  { after, limit }: MarksAsked,
): Promise<MarksPage | Refused> {
  const { kind } = state.facts;
  if (state.rules.isRoom) {
    const present = (await conversation.presence.sample()).toSorted();
    const members = present.map((clientId) => marksInRoom(state, clientId));
    return { kind, total: await conversation.presence.count(), members, hasMore: false };
  }
  conversation.reads.flush();
  conversation.receipts.saveAll();
  const { service } = state;
  if (service !== undefined) {
    const found = service.subscribers.page(after, limit + 1);
    const members = await withTurns(found.slice(0, limit), ({ clientId, since }) => {
      const { readCursor, muted } = service.readers.get(clientId);
      return {
        ...marksInRoom(state, clientId),
        joinedAt: since,
        muted,
        read: readCursor > service.readers.start ? markAt(state, readCursor, undefined) : undefined,
        unread: unreadInService(state, service, clientId, Date.now()).count,
      };
    });
    return { kind, total: service.subscribers.count, members, hasMore: found.length > limit };
  }
  const ids = [...state.members.keys()].filter((id) => after === undefined || id > after).toSorted();
  const page = ids.slice(0, limit).flatMap((id) => state.members.get(id) ?? []);
  const members = await withTurns(page, (member) => marksOf(state, member));
  return { kind, total: state.members.size, members, hasMore: ids.length > limit };
}

async function withTurns<Item, Made>(items: readonly Item[], make: (item: Item) => Made): Promise<Made[]> {
  const made: Made[] = [];
  for (const item of items) {
    if (made.length > 0 && made.length % COUNTED_AT_ONCE === 0) await yieldToEventLoop();
    made.push(make(item));
  }
  return made;
}

function marksOf(state: ConversationState, member: Member): MemberMarks {
  const { clientId, joinedAt, muted, away, readCursor, deliveredCursor } = member;
  const at = (cursor: number, moves: Member["readMoves"]) => {
    if (cursor <= joinedAt) return undefined;
    return markAt(state, cursor, moves.length === 0 ? undefined : reachedAt(moves, cursor));
  };
  return {
    ...marksInRoom(state, clientId),
    joinedAt,
    muted,
    delivered: at(deliveredCursor, member.deliveredMoves),
    read: at(readCursor, member.readMoves),
    unread: state.log.unread(clientId, readCursor).count,
    away,
  };
}

function marksInRoom(state: ConversationState, clientId: string): MemberMarks {
  const { permissions, facts } = state;
  return {
    clientId,
    role: permissions.roleOf(clientId, facts.creator),
    joinedAt: undefined,
    muted: facts.mutedHere?.includes(clientId) ?? false,
    silenced: permissions.silences.endOf(clientId, Date.now()),
    delivered: undefined,
    read: undefined,
    unread: undefined,
    away: undefined,
  };
}

function markAt(state: ConversationState, upTo: number, at: number | undefined): Mark {
  return { message: state.log.newestUpTo(upTo), upTo, at };
}
