import type { Command, CommandOf } from "../protocol/commands.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { endOf } from "../protocol/temporary-ids.ts";

/** Commands that name one conversation and therefore go to its object. */
const NAMES = [
  "message.send",
  "message.history",
  "message.acknowledge",
  "message.patch",
  "read",
  "conversation.add",
  "conversation.remove",
  "conversation.update",
  "conversation.mute",
  "conversation.unmute",
  "conversation.count",
  "conversation.members",
  "conversation.maxRead",
  "conversation.giveRole",
  "conversation.silence",
  "conversation.unsilence",
  "conversation.silenced",
  "conversation.checkSilenced",
  "conversation.block",
  "conversation.unblock",
  "conversation.blocked",
  "conversation.checkBlocked",
] as const;

export type ConversationCommandName = (typeof NAMES)[number];
export type ConversationCommand = CommandOf<ConversationCommandName>;

const names: ReadonlySet<string> = new Set(NAMES);

export function isConversationCommand(command: Command): command is ConversationCommand {
  return names.has(command.name);
}

/** The error for a command whose conversation does not exist (wire §7), or does no longer, as temporary ones do (E-01). */
export function refusalWithoutConversation(command: ConversationCommand, conversationId: string): ErrorName {
  if (endOf(conversationId) !== undefined) return "TEMPORARY_CONVERSATION_EXPIRED";
  return command.name === "message.send" ? "INVALID_MESSAGING_TARGET" : "CONVERSATION_NOT_FOUND";
}

/**
 * Whether a command may be carried out twice. Only such commands are sent again if a subscription broke before the
 * reply. A stored message may, because its token is recognised (I3).
 */
export function isRepeatableCommand(command: ConversationCommand): boolean {
  if (command.name === "message.send") {
    return !command.transient && !command.will && command.dedupeToken !== undefined;
  }
  return command.name !== "conversation.update";
}
