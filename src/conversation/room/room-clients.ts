import type { Settings } from "../../settings/schema.ts";
import type { ClientsToServe } from "../delivery/delivery-host.ts";
import { noticesOf } from "../delivery/notice-records.ts";
import { replayOf } from "../delivery/replay.ts";
import type { ConversationState } from "../state.ts";

/** The clients of a room, as its delivery serves them: those whose sessions are present, and nobody else. */
export function roomClients(state: ConversationState, settings: () => Settings): ClientsToServe {
  return {
    hasMembers: false,
    members: () => [],
    isPresent: ({ clientId, isPresent }) => isPresent && !state.permissions.blacklist.has(clientId),
    lacking: () => [],
    lacksAfter: () => false,
    leftAfter: () => [],
    isAway: () => true, // nobody is woken
    setAway: () => {},
    replay: (clientId, after) => replayOf(state, clientId, after, settings()),
    notices: (clientId, after) => noticesOf(state, clientId, after),
    readCursorMovedAt: () => 0,
    hasUnread: () => false,
    unread: () => undefined,
  };
}
