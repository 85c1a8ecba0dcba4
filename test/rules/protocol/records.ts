import type { ConversationRecord } from "../../../src/model/records.ts";
import { conversation } from "../../support/records.ts";

const ID = "5f1a2b3c4d5e6f7a8b9c0d1e";
const TIMES = { createdAt: 1_700_000_000_000, updatedAt: 1_700_000_000_001 };

export function normal({ id = ID, ...facts }: Partial<ConversationRecord>): ConversationRecord {
  return conversation(id, { members: ["alice", "bob"], ...TIMES, ...facts });
}

export function room(facts: Partial<ConversationRecord>): ConversationRecord {
  return normal({ kind: "room", members: [], ...facts });
}

export function temporary(facts: Partial<ConversationRecord>): ConversationRecord {
  return normal({ id: "_tmp:1", kind: "temporary", timeToLive: 86_400, ...facts });
}
