import type { ConversationRecord } from "../model/records.ts";

/** A conversation that was created or found. */
export interface StartResult {
  /** Whether it existed before. */
  existing: boolean;
  conversation: ConversationRecord;
  /** Records for the creator's sessions, after the reply: the notices that other members get from the object. */
  creatorNotices: Uint8Array[];
}
