import { noticeTimeOf } from "../../protocol/link-records.ts";

/**
 * An event for a client that is not in the log. An `ephemeral` event is only for sessions that are online now and is
 * never sent later (I7, I8). An unread count is kept as a request and computed when it is sent, so that it counts
 * exactly what was delivered before it. A `recount` is for sessions that may have missed a read; sessions that logged
 * in after the read ignore it.
 */
export type ClientEvent = Uint8Array | { ephemeral: Uint8Array } | UnreadRequest;
export type UnreadRequest = "unread" | "recount";

export function isUnreadRequest(event: ClientEvent): event is UnreadRequest {
  return event === "unread" || event === "recount";
}

/** Whether the event may be sent later, and more than once. */
export function isRepeatableEvent(event: ClientEvent): boolean {
  return isUnreadRequest(event) || event instanceof Uint8Array;
}

/**
 * Records for one client, to follow the entries of the log. Notices are sorted by time, since a session takes none that
 * is older than one it has; the count comes last and includes everything before it.
 *
 * @param countUnread the record of the client's current unread count; undefined if it has none
 */
export function recordsOf(
  events: readonly ClientEvent[],
  countUnread: (request: UnreadRequest) => Uint8Array | undefined,
): Uint8Array[] {
  const records: Uint8Array[] = [];
  let unread: UnreadRequest | undefined;
  for (const event of events) {
    if (isUnreadRequest(event)) unread = unread === "unread" ? unread : event;
    else records.push("ephemeral" in event ? event.ephemeral : event);
  }
  if (records.length > 1) sortNotices(records);
  const count = unread && countUnread(unread);
  return count === undefined ? records : [...records, count];
}

/** By time, before everything else. */
function sortNotices(records: Uint8Array[]): void {
  const times = new Map(records.map((record) => [record, noticeTimeOf(record) ?? Number.MAX_VALUE]));
  records.sort((one, other) => (times.get(one) ?? 0) - (times.get(other) ?? 0));
}
