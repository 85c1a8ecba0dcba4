import type { ConversationRecord } from "../model/records.ts";

/** What a conversation stores about itself, beside its members and its log. */
export type Facts = Omit<ConversationRecord, "members" | "muted" | "lastMessageAt"> & {
  /** The members of the unique conversation it began as. */
  uniqueOf?: string[];
  /** Time of the newest message that another service had when the conversation was imported; it need not be here. */
  importedLastMessageAt?: number;
  /** While it is on hold, nothing of it is too old to be kept. */
  hold?: Hold;
  /** Who muted a room, the latest ones: it has no members to keep that with. */
  mutedHere?: string[];
};

/** A legal hold: since when (ms), and what the owner wrote down about it. */
export interface Hold {
  since: number;
  reason: string;
}
