import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import { FieldWriter } from "./field-writer.ts";
import { type CommandType, type ConvCommandSchema, GenericCommandSchema } from "./generated/message_pb.js";

/**
 * The common part of replies and events. Fields given as `undefined` are not sent: SDKs test for presence, so an
 * encoded `false` or `0` can mean the opposite of none (wire §10.1).
 */
export type Fields = MessageInitShape<typeof GenericCommandSchema>;
export type ConversationFields = MessageInitShape<typeof ConvCommandSchema>;

/** `service` of messaging. Swift and Objective-C drop events without it. */
const MESSAGING = 2;

/** A frame without its receiver: the gateway appends the `peerId` (`addressing.ts`). */
export function frame(fields: Fields): Uint8Array {
  const command = create(GenericCommandSchema, {
    service: MESSAGING,
    serverTs: int64(Date.now()),
    ...fields,
  });
  return toBinary(GenericCommandSchema, command);
}

const { cmd, i, service, serverTs } = GenericCommandSchema.field;

/** Shared by all frames: each is written in one go. */
const parts = { whole: new FieldWriter(), inner: new FieldWriter() };

/**
 * The same for frames that every message makes.
 *
 * @param field number of the field in which the command has its own
 * @param write writes those
 */
export function writtenFrame(
  command: CommandType,
  serial: number | undefined,
  field: number,
  write: (fields: FieldWriter) => void,
): Uint8Array {
  write(parts.inner);
  return parts.whole
    .number(cmd.number, command)
    .number(i.number, serial)
    .number(service.number, MESSAGING)
    .number(serverTs.number, Date.now())
    .bytes(field, parts.inner.finish())
    .finish();
}

/** The frame that answers `serial`. Any number is valid, also 0 and negative ones (Java). */
export function reply(serial: number | undefined, fields: Fields): Uint8Array {
  return frame({ i: serial, ...fields });
}

export function int64(value: number): bigint {
  return BigInt(Math.trunc(value));
}

export function optionalInt64(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : int64(value);
}

/** Encoded only if true. */
export function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

/**
 * The mentions of a message, as they are sent. JavaScript passes these fields to apps unchanged: beside a list it is
 * also sent that not all members are mentioned.
 */
export function mentionFields({ mentionAll, mentions }: { mentionAll: boolean; mentions: string[] }) {
  return { mentionAll: mentions.length > 0 ? mentionAll : flag(mentionAll), mentionPids: mentions };
}

export function toIsoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function jsonField(value: JsonObject | JsonObject[]): { data: string } {
  return { data: JSON.stringify(value) };
}

/** `conv_type` and `convType` (wire §9.2). */
export const conversationTypes: Record<ConversationRecord["kind"], number> = {
  normal: 1,
  room: 2,
  system: 3,
  temporary: 4,
};

type ContentFields = { text: string; binary: undefined } | { text: undefined; binary: Uint8Array };

/** Text and bytes have a field each, and an empty `binaryMsg` counts as none: empty bytes are sent as text. */
export function contentFields(content: MessageRecord["content"]): ContentFields {
  if (typeof content === "string") return { text: content, binary: undefined };
  return content.length > 0 ? { text: undefined, binary: content } : { text: "", binary: undefined };
}
