import { loggableError } from "../../loggable-error.ts";
import type { ConversationState } from "../state.ts";

/** D1, as a deleted conversation is removed from it. Every call has a deadline and may reject. */
export interface Removal {
  deleteMessages(conversationId: string, timestamps: number[]): Promise<void>;
  deleteConversation(conversationId: string): Promise<void>;
}

const BATCH = 1_000; // messages per call

/**
 * Removes a deleted conversation from D1: first its messages, which only its own log can list, then its row. Safe to
 * run twice. Resolves to whether it succeeded; never rejects.
 */
export async function clearCopy(
  { log, facts: { id } }: ConversationState,
  removal: Removal,
): Promise<boolean> {
  try {
    let timestamps = log.timestampsAfter(0, BATCH);
    while (timestamps.length > 0) {
      await removal.deleteMessages(id, timestamps);
      timestamps = log.timestampsAfter(timestamps.at(-1) ?? Number.MAX_SAFE_INTEGER, BATCH);
    }
    await removal.deleteConversation(id);
    return true;
  } catch (error) {
    console.warn(`${id} is deleted, but D1 still has it:`, loggableError(error));
    return false;
  }
}
