import type { HistoryRequest } from "../../src/conversation/history-pages.ts";
import type { Log } from "../../src/conversation/log.ts";
import type { MessageRecord } from "../../src/model/records.ts";

/** A stored message, by Tom unless set otherwise. */
export function message(timestamp: number, fields: Partial<MessageRecord> = {}): MessageRecord {
  return {
    timestamp,
    id: `message-${timestamp}`,
    from: "tom",
    content: `said at ${timestamp}`,
    mentionAll: false,
    mentions: [],
    receipt: false,
    patchedAt: undefined,
    recalled: false,
    recipients: undefined,
    address: undefined,
    deleted: false,
    ...fields,
  };
}

/** A page of history, searched without a pause. */
export function pageOf(log: Log, request: HistoryRequest, clientId: string | undefined): MessageRecord[] {
  const slices = log.history.inSlices(request, clientId);
  for (;;) {
    const slice = slices.next();
    if (slice.done) return slice.value;
  }
}
