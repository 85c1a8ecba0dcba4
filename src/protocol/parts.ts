import { clearField, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { CommandOf } from "./commands.ts";
import { type GenericCommand, GenericCommandSchema } from "./generated/message_pb.js";
import { joinRecords } from "./link-records.ts";

/** The part of a command for one conversation, and a frame with only that part. */
export interface Part<Name extends "read" | "message.patch"> {
  conversationId: string;
  command: CommandOf<Name>;
  frame: Uint8Array;
}

/** Frames up to this many bytes are not worth shortening. */
const SHORT = 512;

type ReadMessage = { convs: { cid: string; timestamp?: bigint; mid?: string }[] };

/**
 * Splits a `read` by conversation. Only the first part keeps the serial: one conversation can confirm it for all.
 *
 * @param frame as it arrived, with the fields that the gateway added
 */
export function partsOfRead(command: CommandOf<"read">, frame: Uint8Array): Part<"read">[] {
  const { serial, conversations } = command;
  const [only] = conversations;
  if (only !== undefined && conversations.length === 1 && frame.length <= SHORT) {
    return [{ conversationId: only.conversationId, command, frame }];
  }
  const rest = restOf(frame);
  return conversations.map((named, at) => {
    const { conversationId: cid, timestamp, messageId: mid } = named;
    const tuple: ReadMessage["convs"][number] = { cid, mid };
    if (timestamp !== undefined) tuple.timestamp = BigInt(timestamp);
    const part = { ...command, serial: at === 0 ? serial : undefined, conversations: [named] };
    return {
      conversationId: cid,
      command: part,
      frame: rest(part.serial, { readMessage: { convs: [tuple] } }),
    };
  });
}

/** Splits edits and recalls by conversation. Every part keeps the serial: each conversation must have made its own. */
export function partsOfPatch(
  command: CommandOf<"message.patch">,
  frame: Uint8Array,
): Part<"message.patch">[] {
  const message = fromBinary(GenericCommandSchema, frame);
  const items = message.patchMessage?.patches ?? [];
  const byConversation = Map.groupBy(items, ({ cid }) => cid);
  const only = [...byConversation.keys()];
  if (only.length === 1 && only[0] !== undefined) return [{ conversationId: only[0], command, frame }];
  const rest = restOf(frame);
  return [...byConversation].map(([conversationId, patches]) => {
    const mine = command.patches.filter((patch) => patch.conversationId === conversationId);
    const patchMessage = { patches };
    return {
      conversationId,
      command: { ...command, patches: mine },
      frame: rest(command.serial, { patchMessage }),
    };
  });
}

/** Everything in a frame except its items and its serial, to be sent on with another serial and other items. */
function restOf(frame: Uint8Array) {
  const message: GenericCommand = fromBinary(GenericCommandSchema, frame);
  for (const field of ["readMessage", "patchMessage", "i"] as const) {
    clearField(message, GenericCommandSchema.field[field]);
  }
  const rest = toBinary(GenericCommandSchema, message);
  return (serial: number | undefined, named: Parameters<typeof create<typeof GenericCommandSchema>>[1]) => {
    const addition = create(GenericCommandSchema, {
      ...named,
      ...(serial === undefined ? {} : { i: serial }),
    });
    return joinRecords([rest, toBinary(GenericCommandSchema, addition)]);
  };
}
