import { asNonMembersSee } from "../database/conversations/visibility.ts";
import type { ConversationFound } from "../model/records.ts";
import type { ConversationState } from "./state.ts";

/** What of a conversation goes to whoever asks by id, member or not (wire, ten facts, 5). */
export interface Described extends ConversationFound {
  /** Whether the asker is in it; the app's server sees all that members see. */
  isMember: boolean;
}

/** What a description is to hold beside the conversation itself. */
export interface Wanted {
  lastMessage: boolean;
  /** Whether members see nothing of the time before they joined. */
  sinceJoining: boolean;
}

/**
 * A conversation as somebody may see it (I12): what is said in it, and when, is for members, and of that only what
 * is for this one.
 *
 * @param viewer undefined for the app's server
 * @param wanted by default all of it; a last message that nobody wants is not looked for
 */
export function described(
  state: ConversationState,
  viewer: string | undefined,
  { lastMessage, sinceJoining }: Wanted = { lastMessage: true, sinceJoining: false },
): Described {
  const conversation = state.record();
  if (viewer === undefined) {
    return { conversation, lastMessage: lastMessage ? state.log.last() : undefined, isMember: true };
  }
  const member = state.members.get(viewer);
  if (member === undefined) {
    return { conversation: asNonMembersSee(conversation), lastMessage: undefined, isMember: false };
  }
  if (!lastMessage) return { conversation, lastMessage: undefined, isMember: true };
  const last = state.log.last(undefined, viewer);
  const isBefore = sinceJoining && last !== undefined && last.timestamp <= member.joinedAt;
  return { conversation, lastMessage: isBefore ? undefined : last, isMember: true };
}
