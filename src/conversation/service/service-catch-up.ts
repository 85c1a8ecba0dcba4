import type { MessageRecord } from "../../model/records.ts";
import { catchUpModes } from "../../protocol/link-controls.ts";
import { type CatchUp, type CatchUpRequest, MISSED_MAX, PATCHES_MAX } from "../conversation-catch-up.ts";
import type { Delivery } from "../delivery/delivery.ts";
import type { ConversationState } from "../state.ts";
import type { ServiceState } from "./service-state.ts";
import { NO_GLOBALS } from "./service-unread.ts";

/** Catches a client up that logs in, subscribed or not: what is its own, and what was broadcast. Nothing is written. */
export function catchUpWithService(
  clientId: string,
  {
    mode,
    sessionId,
    sessions,
    asOf,
    patchesSince,
    messagesModeSince,
    globalsAfter = NO_GLOBALS,
  }: CatchUpRequest,
  { state, service, delivery }: { state: ConversationState; service: ServiceState; delivery: Delivery },
): CatchUp {
  const { facts, notices } = state;
  const { views, readers, subscribers } = service;
  const { end: head, lastNotice } = state.endAt(asOf);
  delivery.caughtUp(clientId, { sessionId, sessions }, head, lastNotice);
  const { readCursor, readCursorMovedAt, acknowledged } = readers.get(clientId);
  const viewer = { clientId, now: asOf, globalsAfter };
  const unread = views.unread(viewer, readCursor, head);
  const missedAfter = acknowledged ?? Math.min(readCursor, messagesModeSince ?? readCursor);
  const missed =
    mode === catchUpModes.MESSAGES
      ? views.newestFromOthers(viewer, missedAfter, head, MISSED_MAX)
      : { messages: [] as MessageRecord[], more: false };
  return {
    member: true,
    isSubscriber: subscribers.has(clientId),
    changed: {
      patchedAt: views.dialoguePatchedAt(clientId),
      readAt: readCursorMovedAt,
      noticedAt: notices.last,
    },
    head,
    lastNotice,
    isSubscribed: delivery.isSubscribed(clientId),
    kind: facts.kind,
    unread: unread.count,
    mentioned: unread.mentioned,
    lastMessage: unread.count > 0 ? views.lastNews(viewer, head) : undefined,
    patches: patchesSince === undefined ? [] : views.patchedAfter(clientId, patchesSince, head, PATCHES_MAX),
    missed: missed.messages,
    more: missed.more,
  };
}
