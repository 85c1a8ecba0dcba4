import type { ConversationCommand } from "../../conversation/commands.ts";
import type { CommandOf } from "../../protocol/commands.ts";
import { withDedupeToken } from "../../protocol/dedupe.ts";
import { partsOfPatch, partsOfRead } from "../../protocol/parts.ts";
import type { SessionLogin } from "./session-delivery.ts";

/** A client's frame on its way to a conversation. */
export interface Forwarded {
  command: ConversationCommand;
  frame: Uint8Array;
}

/** How a command is forwarded. */
export interface Forwarding {
  /** The request that waits for an answer, if it has a serial. */
  request: ConversationCommand;
  /** How many conversations answer it. */
  answers: number;
  /** The conversations, each with its own part. */
  parts: readonly (Forwarded & { conversationId: string })[];
}

/** The session that sends a command. */
type Sender = Pick<SessionLogin, "sessionId" | "capabilities">;

/** Capability bit: the device handles the answer to a transient send. */
const TRANSIENT_ACK = 8;

/** How a command is forwarded to the conversations that it names. */
export function forwardingOf(command: ConversationCommand, frame: Uint8Array, sender: Sender): Forwarding {
  switch (command.name) {
    case "read":
      return { request: command, answers: 1, parts: partsOfRead(command, frame) };
    case "message.patch": {
      const parts = partsOfPatch(command, frame);
      return { request: command, answers: parts.length, parts };
    }
    case "message.send":
      return forwardingOfSend(command, frame, sender);
    case "message.acknowledge": // no SDK expects an answer
      return toOne({ ...command, serial: undefined }, command.conversationId, frame);
    default:
      return toOne(command, command.conversationId, frame);
  }
}

function toOne(
  command: ConversationCommand,
  conversationId: string | undefined,
  frame: Uint8Array,
): Forwarding {
  const parts = conversationId === undefined ? [] : [{ conversationId, command, frame }];
  return { request: command, answers: 1, parts };
}

function forwardingOfSend(
  command: CommandOf<"message.send">,
  frame: Uint8Array,
  { sessionId, capabilities }: Sender,
): Forwarding {
  const { serial, conversationId, transient, dedupeToken } = command;
  if (transient && (capabilities & TRANSIENT_ACK) === 0) {
    // An SDK that cannot handle the answer gets none: without a serial, no reply is sent.
    return toOne({ ...command, serial: undefined }, conversationId, frame);
  }
  if (dedupeToken !== undefined || serial === undefined) return toOne(command, conversationId, frame);
  // C# sends no token, and a subscription may break between the message and its ack.
  const token = `${sessionId}/${serial}`;
  return toOne({ ...command, dedupeToken: token }, conversationId, withDedupeToken(frame, token));
}
