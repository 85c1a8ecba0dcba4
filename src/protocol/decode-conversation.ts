import { create } from "@bufbuild/protobuf";
import type { Json } from "../model/json.ts";
import type { Request } from "./commands.ts";
import { given, malformed, nonEmpty, toPage, toSignature } from "./fields.ts";
import { type ConvCommand, ConvCommandSchema, type GenericCommand, OpType } from "./generated/message_pb.js";
import { parseAsWritten, parseJsonObject } from "./json-text.ts";
import { seenVersionsIn } from "./seen-version.ts";

/** Bits of `flag` (wire §4.5.3). */
const COMPACT = 1;
const WITH_LAST_MESSAGE = 2;

/** `conv` commands; `undefined` for operations that are not supported. */
export function decodeConversationRequest(message: GenericCommand): Request | undefined {
  const conversation = message.convMessage ?? create(ConvCommandSchema);
  const op = given(message, "op");
  switch (op) {
    case OpType.start:
      return decodeStart(conversation);
    case OpType.query:
      return decodeQuery(conversation, message.shown);
    case OpType.is_member:
      return { name: "conversation.isMember", conversationIds: conversation.cids };
    case OpType.add:
    case OpType.remove:
    case OpType.update:
    case OpType.count:
    case OpType.mute:
    case OpType.unmute:
    case OpType.members:
    case OpType.max_read:
    case OpType.member_info_update:
    case OpType.add_shutup:
    case OpType.remove_shutup:
    case OpType.query_shutup:
    case OpType.check_shutup:
      if (conversation.cid === "") return malformed("CONVERSATION_NOT_FOUND", "no conversation id");
      return decodeOperation(op, conversation);
    default:
      return undefined;
  }
}

type Operation =
  | OpType.add
  | OpType.remove
  | OpType.update
  | OpType.count
  | OpType.mute
  | OpType.unmute
  | OpType.members
  | OpType.max_read
  | OpType.member_info_update
  | OpType.add_shutup
  | OpType.remove_shutup
  | OpType.query_shutup
  | OpType.check_shutup;

function decodeOperation(op: Operation, conversation: ConvCommand): Request {
  const conversationId = conversation.cid;
  const members = conversation.m;
  switch (op) {
    case OpType.add:
      return { name: "conversation.add", conversationId, members, signature: toSignature(conversation) };
    case OpType.remove:
      return { name: "conversation.remove", conversationId, members, signature: toSignature(conversation) };
    case OpType.update: {
      const changes = parseJsonObject(conversation.attr?.data);
      if ("problem" in changes) return malformed("CONVERSATION_UPDATE_FAILED", changes.problem);
      return { name: "conversation.update", conversationId, changes: changes.value };
    }
    case OpType.count:
      return { name: "conversation.count", conversationId };
    case OpType.mute:
      return { name: "conversation.mute", conversationId };
    case OpType.unmute:
      return { name: "conversation.unmute", conversationId };
    case OpType.members:
      return { name: "conversation.members", conversationId, limit: given(conversation, "limit") };
    case OpType.max_read:
      return { name: "conversation.maxRead", conversationId, allMembers: conversation.queryAllMembers };
    case OpType.member_info_update: {
      const target = nonEmpty(conversation.targetClientId) ?? conversation.info?.pid ?? "";
      return { name: "conversation.giveRole", conversationId, target, role: conversation.info?.role ?? "" };
    }
    case OpType.add_shutup:
      return { name: "conversation.silence", conversationId, members };
    case OpType.remove_shutup:
      return { name: "conversation.unsilence", conversationId, members };
    case OpType.check_shutup:
      return { name: "conversation.checkSilenced", conversationId, members };
    case OpType.query_shutup: {
      const page = toPage(conversation);
      if (page === undefined) return malformed("CONVERSATION_API_FAILED", "next: not a number");
      return { name: "conversation.silenced", conversationId, ...page };
    }
  }
}

function decodeStart(conversation: ConvCommand): Request {
  const columns = parseJsonObject(conversation.attr?.data);
  if ("problem" in columns) return malformed("CONVERSATION_API_FAILED", columns.problem);
  const kind = conversation.tempConv ? "temporary" : conversation.transient ? "room" : "normal";
  return {
    name: "conversation.start",
    members: conversation.m,
    // C# asks for unique rooms; a room has no members to be unique by.
    unique: conversation.unique && kind !== "room",
    kind,
    timeToLive: kind === "temporary" && conversation.tempConvTTL > 0 ? conversation.tempConvTTL : undefined,
    columns: columns.value,
    signature: toSignature(conversation),
  };
}

function decodeQuery(conversation: ConvCommand, shown: string): Request {
  let where: Json | undefined;
  const text = conversation.where?.data;
  if (text !== undefined && text !== "") {
    const parsed = parseAsWritten(text);
    if ("problem" in parsed) return malformed("CONVERSATION_QUERY_FAILED", parsed.problem);
    where = parsed.value;
  }
  return {
    name: "conversation.query",
    where,
    sort: nonEmpty(conversation.sort),
    limit: given(conversation, "limit"),
    skip: given(conversation, "skip"),
    shown: seenVersionsIn(shown),
    compact: (conversation.flag & COMPACT) !== 0,
    withLastMessage: (conversation.flag & WITH_LAST_MESSAGE) !== 0,
    // Java sends several ids in one text, separated by commas.
    temporaryIds: conversation.tempConvIds
      .flatMap((ids) => ids.split(","))
      .map((id) => id.trim())
      .filter((id) => id !== ""),
  };
}
