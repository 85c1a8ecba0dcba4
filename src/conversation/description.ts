import { asNonMembersSee } from "../database/conversations/visibility.ts";
import type { ConversationFound } from "../model/records.ts";
import type { ConversationState } from "./state.ts";

/** What a client that asks by id gets of a conversation, member or not (wire, ten facts, 5). */
export interface Described extends ConversationFound {
  /** Whether the viewer is a member; the app's server sees all that members see. */
  isMember: boolean;
}

/** Options of a description. */
export interface DescriptionOptions {
  lastMessage: boolean;
  /** Whether messages from before the member joined are hidden. */
  sinceJoining: boolean;
}

/**
 * A conversation as a viewer may see it (I12): only members see its last message and its time, and only if the message
 * is visible to them.
 *
 * @param viewer undefined for the app's server
 * @param options by default everything; the last message is only looked up where it is requested
 */
export function described(
  state: ConversationState,
  viewer: string | undefined,
  { lastMessage, sinceJoining }: DescriptionOptions = { lastMessage: true, sinceJoining: false },
): Described {
  const conversation = state.record();
  if (viewer === undefined) {
    return { conversation, lastMessage: lastMessage ? state.log.lastVisible() : undefined, isMember: true };
  }
  if (state.service !== undefined) {
    const { readers, subscribers, views } = state.service;
    return {
      conversation,
      lastMessage: lastMessage ? views.lastReadable(viewer, sinceJoining) : undefined,
      isMember: true,
      subscription: { since: subscribers.since(viewer), muted: readers.get(viewer).muted },
    };
  }
  const member = state.members.get(viewer);
  if (state.rules.readers === "anyone") {
    const muted = conversation.muted.filter((clientId) => clientId === viewer);
    const last = lastMessage ? state.log.lastVisible(undefined, viewer) : undefined;
    return { conversation: { ...conversation, muted }, lastMessage: last, isMember: false };
  }
  if (member === undefined) {
    return { conversation: asNonMembersSee(conversation), lastMessage: undefined, isMember: false };
  }
  if (!lastMessage) return { conversation, lastMessage: undefined, isMember: true };
  const last = state.log.lastVisible(undefined, viewer);
  const isBefore = sinceJoining && last !== undefined && last.timestamp <= member.joinedAt;
  return { conversation, lastMessage: isBefore ? undefined : last, isMember: true };
}
