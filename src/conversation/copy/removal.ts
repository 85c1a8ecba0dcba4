import type { MessagePlace } from "../../database/messages/save.ts";
import { loggableError } from "../../loggable-error.ts";
import type { ServiceState } from "../service/service-state.ts";
import type { ConversationState } from "../state.ts";

/** D1, as a deleted conversation is removed from it. Every call has a deadline, may reject, and may be repeated. */
export interface Removal {
  deleteMessages(conversationId: string, places: readonly MessagePlace[]): Promise<void>;
  deleteConversation(conversationId: string): Promise<void>;
  /** Takes a service's broadcasts to everybody off the list that logins read. */
  unlistBroadcasts(conversationId: string): Promise<void>;
  /** Deletes what was kept for the first login of these clients. */
  deleteEarlySubscriptions(conversationId: string, clientIds: string[]): Promise<void>;
}

const BATCH = 1_000; // messages per call
const CLIENTS = 5_000; // per call

/**
 * Removes a deleted conversation from D1: first what a service has there, then its messages, both of which only this
 * object can list, then its row. Safe to run twice. Resolves to whether it succeeded; never rejects.
 */
export async function clearCopy(
  { log, service, facts: { id } }: ConversationState,
  removal: Removal,
): Promise<boolean> {
  try {
    if (service !== undefined) await clearService(id, service, removal);
    let places = log.placesAfter(0, BATCH);
    for (let last = places.at(-1); last !== undefined; last = places.at(-1)) {
      await removal.deleteMessages(id, places);
      places = log.placesAfter(last.timestamp, BATCH);
    }
    await removal.deleteConversation(id);
    return true;
  } catch (error) {
    console.warn(`${id} is deleted, but D1 still has it:`, loggableError(error));
    return false;
  }
}

async function clearService(
  id: string,
  { globals, subscribers, views: { audiences } }: ServiceState,
  removal: Removal,
): Promise<void> {
  if (!globals.isEmpty) await removal.unlistBroadcasts(id);
  const pages = [
    (after: string | undefined) => subscribers.page(after, CLIENTS).map(({ clientId }) => clientId),
    (after: string | undefined) => audiences.clientsAfter(after, CLIENTS),
  ];
  for (const pageAfter of pages)
    for (let page = pageAfter(undefined); page.length > 0; page = pageAfter(page.at(-1)))
      await removal.deleteEarlySubscriptions(id, page);
}
