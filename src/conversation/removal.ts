import { loggableError } from "../loggable-error.ts";
import type { ConversationState } from "./state.ts";

/** D1, as a conversation is taken out of it. Every call has a deadline and may reject. */
export interface Removal {
  deleteMessages(conversationId: string, timestamps: number[]): Promise<void>;
  deleteConversation(conversationId: string): Promise<void>;
}

const BATCH = 1_000; // messages per call

/**
 * Takes a deleted conversation out of D1: its messages, which only its own log can name, then the row that says there
 * is one. Harmless to run twice. Resolves to whether it succeeded, and never rejects.
 */
export async function clearArchive(
  { log, facts: { id } }: ConversationState,
  removal: Removal,
): Promise<boolean> {
  try {
    let places = log.placesAfter(0, BATCH);
    while (places.length > 0) {
      await removal.deleteMessages(id, places);
      places = log.placesAfter(places.at(-1) ?? Number.MAX_SAFE_INTEGER, BATCH);
    }
    await removal.deleteConversation(id);
    return true;
  } catch (error) {
    console.warn(`${id} is deleted, but D1 still has it:`, loggableError(error));
    return false;
  }
}
