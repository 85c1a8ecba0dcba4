import type { ClientsToServe } from "../delivery/delivery-host.ts";
import { noticesOf } from "../delivery/notice-records.ts";
import type { ConversationState } from "../state.ts";
import { replayOfService } from "./service-replay.ts";
import type { ServiceState } from "./service-state.ts";
import { unreadInService, unreadOfService } from "./service-unread.ts";

/** Entries whose recipients are woken again after a crash: more than are on their way at a time. */
const PENDING_ENTRIES = 1_000;

/** The clients of a service conversation, as its delivery serves them: subscribers, and everybody it writes to. */
export function serviceClients(
  state: ConversationState,
  service: ServiceState,
  now: () => number,
): ClientsToServe {
  const { readers, subscribers, views } = service;
  return {
    hasMembers: false,
    members: () => [],
    isPresent: ({ clientId }) => subscribers.has(clientId),
    lacking: (after) => {
      const pending = state.log
        .after(after, PENDING_ENTRIES)
        .map(({ message }) => service.audienceOf(message));
      return [...new Set(pending.flatMap((audience) => (typeof audience === "string" ? [] : audience)))];
    },
    lacksAfter: (clientId, time) => views.entriesAfter(clientId, time, 1).entries.length > 0,
    leftAfter: () => [],
    isAway: () => false, // all clients that are written to are woken
    setAway: (clientId, away) => service.setAway(clientId, away),
    replay: (clientId, after) => replayOfService(state, service, clientId, after),
    notices: (clientId, after) => noticesOf(state, clientId, after),
    readCursorMovedAt: (clientId) => readers.get(clientId).readCursorMovedAt,
    hasUnread: (clientId, upTo) => {
      const { readCursor } = readers.get(clientId);
      return readCursor < upTo && unreadInService(state, service, clientId, now()).count > 0;
    },
    unread: (clientId, changedAt) => unreadOfService(state, service, clientId, changedAt, now()),
  };
}
