import type { ConversationRecord } from "../../../src/model/records.ts";

export function normal(facts: Partial<ConversationRecord>): ConversationRecord {
  return {
    id: "5f1a2b3c4d5e6f7a8b9c0d1e",
    kind: "normal",
    name: undefined,
    creator: "alice",
    members: ["alice", "bob"],
    muted: [],
    attributes: {},
    columns: {},
    unique: false,
    uniqueId: undefined,
    createdAt: 1_700_000_000_000,
    updatedAt: 1_700_000_000_001,
    lastMessageAt: undefined,
    timeToLive: undefined,
    ...facts,
  };
}

export function room(facts: Partial<ConversationRecord>): ConversationRecord {
  return normal({ kind: "room", members: [], ...facts });
}

export function temporary(facts: Partial<ConversationRecord>): ConversationRecord {
  return normal({ id: "_tmp:1", kind: "temporary", timeToLive: 86_400, ...facts });
}
