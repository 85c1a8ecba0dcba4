import { ConversationState } from "../../../src/conversation/state.ts";
import type { MessageRecord } from "../../../src/history/records.ts";
import { MemorySql } from "../../support/sqlite.ts";

export const BEGINNING = 1_000;

/** A conversation of Tom, Jerry and Spike in storage of its own. */
export function kitchen(sql = new MemorySql()): ConversationState {
  return ConversationState.create(sql, {
    id: "kitchen",
    kind: "normal",
    name: undefined,
    creator: "tom",
    members: ["jerry", "spike", "tom"],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: BEGINNING,
    updatedAt: BEGINNING,
    lastMessageAt: undefined,
    timeToLive: undefined,
  });
}

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

/** Says something in a conversation, under a token if one is named. */
export function say(state: ConversationState, said: MessageRecord, token?: string): MessageRecord {
  state.log.append(said, token, 1);
  return said;
}
