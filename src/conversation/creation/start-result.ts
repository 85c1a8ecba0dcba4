import type { ConversationRecord } from "../../model/records.ts";

/** The side that starts a conversation. A client gets the creation notices from its own object, with the reply. */
export type StartedBy = "client" | "server";

/** A conversation that was created or found. */
export interface StartResult {
  /** Whether it existed before. */
  existing: boolean;
  conversation: ConversationRecord;
  /** Records for the creator's sessions, after the reply: the notices that other members get from the object. */
  creatorNotices: Uint8Array[];
}
