import {
  ASKED_PER_FRAME,
  CONVERSATIONS_PER_FRAME,
  CONVERSATIONS_REFUSED_PER_FRAME,
  ENVELOPE_BYTES,
  PATCHES_PER_FRAME,
} from "../../bounds.ts";
import type { Command, CommandOf } from "../../protocol/commands.ts";
import type { ErrorName } from "../../protocol/errors.ts";
import type { Settings } from "../../settings/schema.ts";

/** Why a command is refused. */
export interface Refusal {
  error: ErrorName;
  detail?: string;
}

/** Why a command is refused for what it asks at once, however rarely it is sent; undefined if it is not refused. */
export function frameRefusal(
  command: Command,
  frameLength: number,
  { limits, messages }: Settings,
): Refusal | undefined {
  switch (command.name) {
    case "message.send": {
      const isTooLong = command.size > limits.messageBytes || frameLength - command.size > ENVELOPE_BYTES;
      return isTooLong ? { error: "FRAME_TOO_LONG" } : undefined;
    }
    case "message.patch":
      return patchRefusal(command, frameLength, limits.messageBytes) ?? notAllowed(command, messages);
    case "read":
      return tooMany(command.conversations, CONVERSATIONS_PER_FRAME, "conversations");
    case "conversation.isMember":
      return tooMany(command.conversationIds, ASKED_PER_FRAME, "conversations");
    case "conversation.query":
      return tooMany(command.temporaryIds, ASKED_PER_FRAME, "conversations");
    case "conversation.start":
    case "conversation.add":
      return tooMany(command.members, limits.members, "members") && { error: "CONVERSATION_FULL" };
    case "conversation.remove":
    case "conversation.silence":
    case "conversation.unsilence":
    case "conversation.block":
    case "conversation.unblock":
    case "conversation.checkSilenced":
    case "conversation.checkBlocked":
      return tooMany(command.members, Math.max(limits.members, CONVERSATIONS_PER_FRAME), "members");
    case "client.refuse":
    case "client.accept":
      return tooMany(command.conversationIds, CONVERSATIONS_REFUSED_PER_FRAME, "conversations");
    default:
      return undefined;
  }
}

/** The size of all contents together counts, because all members are sent all of them. */
function patchRefusal(
  { patches }: CommandOf<"message.patch">,
  frameLength: number,
  messageBytes: number,
): Refusal | undefined {
  const size = patches.reduce((sum, patch) => sum + patch.size, 0);
  if (size > messageBytes || frameLength - size > ENVELOPE_BYTES) return { error: "FRAME_TOO_LONG" };
  return tooMany(patches, PATCHES_PER_FRAME, "messages");
}

function notAllowed(
  { patches }: CommandOf<"message.patch">,
  { allowEdit, allowRecall }: Settings["messages"],
): Refusal | undefined {
  for (const { recall } of patches) {
    if (recall && !allowRecall) return { error: "MESSAGE_RECALL_DISABLED" };
    if (!recall && !allowEdit) return { error: "MESSAGE_EDIT_DISABLED" };
  }
  return undefined;
}

/** An id that is named twice counts once. */
function tooMany(named: readonly unknown[], most: number, what: string): Refusal | undefined {
  if (named.length <= most || new Set(named).size <= most) return undefined;
  return { error: "FRAME_TOO_LONG", detail: `at most ${most} ${what} at once` };
}
