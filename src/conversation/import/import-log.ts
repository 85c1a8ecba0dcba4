import type { ImportedMessage, ImportOutcome } from "../log/import-messages.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { importIntoService } from "../service/service-import.ts";
import type { ConversationState } from "../state.ts";

/** What became of imported messages, in their order, and what it means for D1's copy. */
export interface ImportedLog {
  outcomes: ImportOutcome[];
  /**
   * If D1 has everything up to `after`, and is given these messages, it has everything up to `upTo`. The oldest one that
   * was added is in place `oldest`; undefined if none was.
   */
  copy: { after: number; upTo: number; oldest: number | undefined };
}

/** Adds messages of another service to a conversation's log, unless the mirror has. Nobody is notified. */
export function importLog(
  state: ConversationState,
  messages: readonly ImportedMessage[],
  mirror: Mirror,
): ImportedLog {
  const { time } = state.log.readableFrom;
  const known = messages.map((message) =>
    message.timestamp < time ? expired(message) : mirroredOutcome(state, message, mirror),
  );
  const others = messages.filter((_, at) => known[at] === undefined);
  const imported = importInto(state, others).values();
  const outcomes = known
    .map((outcome) => outcome ?? imported.next().value)
    .filter((each) => each !== undefined);
  const upTo = state.log.head;
  const places = new Set(outcomes.filter(({ outcome }) => outcome !== "mirrored").map(({ place }) => place));
  let oldest: number | undefined;
  for (const { outcome, place } of outcomes)
    if (outcome === "added") oldest = Math.min(oldest ?? place, place);
  return { outcomes, copy: { after: state.log.newestOutside(places), upTo, oldest } };
}

function importInto(
  { log, service }: ConversationState,
  messages: readonly ImportedMessage[],
): ImportOutcome[] {
  if (service !== undefined) return importIntoService(log, service, messages);
  return log.import(messages.map(({ recipients: _, validTill: __, ...message }) => message));
}

const expired = ({ timestamp }: ImportedMessage): ImportOutcome => ({ outcome: "expired", place: timestamp });

/** Undefined for a message that the mirror does not know. */
function mirroredOutcome(
  { log }: ConversationState,
  message: ImportedMessage,
  mirror: Mirror,
): ImportOutcome | undefined {
  const place = mirror.placeOfImported({ ...message, sentAt: message.timestamp });
  if (place === undefined) return undefined;
  return { outcome: log.importEdit(message, place) ? "changed" : "mirrored", place };
}
