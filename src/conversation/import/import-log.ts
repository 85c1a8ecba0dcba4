import type { ImportedMessage, ImportOutcome } from "../log/import-messages.ts";
import type { ConversationState } from "../state.ts";

/** What became of imported messages, in their order, and what it means for D1's copy. */
export interface ImportedLog {
  outcomes: ImportOutcome[];
  /** If D1 has everything up to `after`, and is given these messages, it has everything up to `upTo`. */
  copy: { after: number; upTo: number };
}

/** Adds messages of another service to a conversation's log. Nobody is notified. */
export function importLog(state: ConversationState, messages: readonly ImportedMessage[]): ImportedLog {
  const outcomes = state.log.import(messages);
  const upTo = state.log.head;
  const places = new Set(outcomes.map(({ place }) => place));
  return { outcomes, copy: { after: state.log.newestOutside(places), upTo } };
}
