import { unreadCountRecord } from "../delivery/unread-record.ts";
import type { ConversationState } from "../state.ts";
import type { ServiceState } from "./service-state.ts";

/** No broadcast to everybody is news. */
export const NO_GLOBALS = Number.MAX_SAFE_INTEGER;

/**
 * The number of messages that a client has not read (Y-22), and whether one mentions it.
 *
 * @param globalsAfter broadcasts to everybody after this time (ms) count; by default, those after the first that it read
 */
export function unreadInService(
  state: ConversationState,
  service: ServiceState,
  clientId: string,
  now: number,
  globalsAfter?: number,
): { count: number; mentioned: boolean } {
  const { readCursor } = service.readers.get(clientId);
  const from = globalsAfter ?? (readCursor > service.readers.start ? readCursor : NO_GLOBALS);
  return service.views.unread({ clientId, now, globalsAfter: from }, readCursor, state.log.end);
}

/**
 * The record of a client's unread count as it is now.
 *
 * @param changedAt when it last changed other than by growing (ms)
 */
export function unreadOfService(
  state: ConversationState,
  service: ServiceState,
  clientId: string,
  changedAt: number,
  now: number,
): Uint8Array {
  return unreadCountRecord(state, unreadInService(state, service, clientId, now), changedAt, now);
}
