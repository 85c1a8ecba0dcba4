import { conversationTables } from "../../../src/conversation/conversation-tables.ts";
import type { Subscription } from "../../../src/conversation/delivery/subscription.ts";
import type { HistoryRequest } from "../../../src/conversation/log/history-pages.ts";
import { ConversationState } from "../../../src/conversation/state.ts";
import type { MessageRecord } from "../../../src/model/records.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import { conversation } from "../../support/records.ts";
import { MemorySql } from "../../support/sqlite.ts";

export { message, pageOf } from "../../support/records.ts";

export const BEGINNING = 1_000;

/** A conversation of Tom, Jerry and Spike in storage of its own. */
export function pairChat(sql = new MemorySql()): ConversationState {
  const record = conversation("pairChat", {
    creator: "tom",
    members: ["jerry", "spike", "tom"],
    createdAt: BEGINNING,
    updatedAt: BEGINNING,
  });
  return ConversationState.create(conversationTables(sql), record);
}

/** A history query for all of a short log. */
export const everything: HistoryRequest = {
  direction: "newer",
  start: undefined,
  end: undefined,
  limit: 100,
  messageType: undefined,
};

export const timesOf = (messages: MessageRecord[]): number[] => messages.map(({ timestamp }) => timestamp);

/** Appends a message to a conversation, with a token if one is given. */
export function append(state: ConversationState, record: MessageRecord, token?: string): MessageRecord {
  state.log.append(record, token, 1);
  return record;
}

/** A client's subscription whose port does nothing. */
export function subscription(clientId: string): Subscription {
  return {
    clientId,
    sessionId: `session of ${clientId}`,
    origin: 1,
    mode: catchUpModes.COUNTS,
    address: undefined,
    acknowledged: 0,
    isEvicted: false,
    isPresent: true,
    sessions: undefined,
    port: { isOpen: () => true, send: () => {}, save: () => {} },
  };
}
