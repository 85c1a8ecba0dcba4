import type { Settings } from "../../settings/schema.ts";
import type { ConversationState } from "../state.ts";
import type { ClientsToServe } from "./delivery-host.ts";
import { noticesOf } from "./notice-records.ts";
import { replayOf } from "./replay.ts";
import { unreadOf } from "./unread-record.ts";

/** The clients of a conversation with members, as its delivery serves them. */
export function memberClients(
  state: ConversationState,
  settings: () => Settings,
  now: () => number,
): ClientsToServe {
  return {
    hasMembers: true,
    members: () => state.members.keys(),
    isPresent: ({ clientId }) => state.members.has(clientId),
    lacking: () => [],
    lacksAfter: (clientId, time) => state.members.has(clientId) && time < state.log.end,
    leftAfter: (time) => state.notices.outsidersAfter(time).filter((id) => !state.members.has(id)),
    isAway: (clientId) => (state.members.get(clientId)?.away ?? "no") !== "no",
    setAway: (clientId, isAway) => {
      const member = state.members.get(clientId);
      if (member === undefined || state.isDeleted || (isAway && member.away === "unseen")) return;
      state.members.setAway(member, isAway ? "away" : "no");
    },
    replay: (clientId, after) => replayOf(state, clientId, after, settings()),
    notices: (clientId, after) => noticesOf(state, clientId, after),
    readCursorMovedAt: (clientId) => state.members.get(clientId)?.readCursorMovedAt ?? 0,
    hasUnread: (clientId, upTo) => {
      const member = state.members.get(clientId);
      return member !== undefined && state.log.unread(clientId, member.readCursor, upTo).count > 0;
    },
    unread: (clientId, changedAt) => unreadOf(state, clientId, changedAt, now()),
  };
}
