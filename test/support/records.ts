import type { HistoryRequest } from "../../src/conversation/log/history-pages.ts";
import type { Log } from "../../src/conversation/log/log.ts";
import type { ConversationRecord, MessageRecord } from "../../src/model/records.ts";

/** A conversation as it is stored, of Alice alone unless set otherwise. */
export function conversation(
  id: string,
  fields: Partial<Omit<ConversationRecord, "id">> = {},
): ConversationRecord {
  return {
    id,
    kind: "normal",
    name: undefined,
    creator: "alice",
    members: ["alice"],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: 1000,
    updatedAt: 1000,
    lastMessageAt: undefined,
    timeToLive: undefined,
    ...fields,
  };
}

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
