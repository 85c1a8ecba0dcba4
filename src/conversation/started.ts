import type { ConversationRecord } from "../model/records.ts";

/** A conversation that was asked for. */
export interface Started {
  /** It was there already. */
  existing: boolean;
  conversation: ConversationRecord;
  /** For the creator's sessions, after the reply: records of what other members are told by its object. */
  pushes: Uint8Array[];
}
