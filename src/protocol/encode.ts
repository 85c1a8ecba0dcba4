import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import { type ConvCommandSchema, GenericCommandSchema } from "./generated/message_pb.js";

/**
 * What replies and pushes have in common. Fields given as `undefined` stay off the wire: SDKs test for presence,
 * so an encoded `false` or `0` can mean the opposite of none (wire §10.1).
 */
export type Fields = MessageInitShape<typeof GenericCommandSchema>;
export type ConversationFields = MessageInitShape<typeof ConvCommandSchema>;

/** `service` of messaging. Swift and Objective-C drop pushes without it. */
const MESSAGING = 2;

/** A frame for some client; whose, the gateway says by appending the `peerId` (`addressing.ts`). */
export function frame(fields: Fields): Uint8Array {
  const command = create(GenericCommandSchema, {
    service: MESSAGING,
    serverTs: int64(Date.now()),
    ...fields,
  });
  return toBinary(GenericCommandSchema, command);
}

/** The frame that answers `serial`. Any number is one, 0 and negatives included (Java); none is none. */
export function reply(serial: number | undefined, fields: Fields): Uint8Array {
  return frame({ i: serial, ...fields });
}

export function int64(value: number): bigint {
  return BigInt(Math.trunc(value));
}

export function optionalInt64(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : int64(value);
}

/** Only ever encoded when true. */
export function flag(value: boolean | undefined): true | undefined {
  return value === true ? true : undefined;
}

/**
 * Whom a message mentions, as it goes out. JavaScript shows apps these fields as they came: beside a list it is said
 * too that not everybody is meant.
 */
export function mentionFields({ mentionAll, mentions }: { mentionAll: boolean; mentions: string[] }) {
  return { mentionAll: mentions.length > 0 ? mentionAll : flag(mentionAll), mentionPids: mentions };
}

export function isoTime(milliseconds: number): string {
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

/** Text and bytes have a field each, and an empty `binaryMsg` counts as none: no bytes at all travel as text. */
export function contentFields(content: MessageRecord["content"]): ContentFields {
  if (typeof content === "string") return { text: content, binary: undefined };
  return content.length > 0 ? { text: undefined, binary: content } : { text: "", binary: undefined };
}
