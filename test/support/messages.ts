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
