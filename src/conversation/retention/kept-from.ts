import { idleBefore, messagesKeptFrom } from "../../settings/retention-settings.ts";
import type { Settings } from "../../settings/schema.ts";
import type { ConversationState } from "../state.ts";

/** The time (ms) from which a conversation's messages are kept; 0 for all of them (B-30). A hold keeps all. */
export function keptFrom({ facts }: ConversationState, settings: Settings, now: number): number {
  return facts.hold === undefined ? messagesKeptFrom(settings, now) : 0;
}

/**
 * Whether a conversation has had no activity for so long that it is to be deleted (L-16). Services are made by hand and
 * speak when they have something to say; temporary conversations end by themselves.
 */
export function isIdle(state: ConversationState, settings: Settings, now: number): boolean {
  const { kind, hold } = state.facts;
  if (hold !== undefined || kind === "system" || kind === "temporary") return false;
  return state.lastActivity < idleBefore(settings, now);
}
