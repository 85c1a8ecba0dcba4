import { create } from "@bufbuild/protobuf";
import type { Request } from "./commands.ts";
import { malformed, toPage, toSignature } from "./fields.ts";
import { BlacklistCommandSchema, type GenericCommand, OpType } from "./generated/message_pb.js";

const NO_CONVERSATION = malformed("CONVERSATION_NOT_FOUND", "no conversation id");

/**
 * `blacklist` commands: about the clients that a conversation blocks (`srcCid`), or about the conversations that the
 * client itself refuses. `undefined` for operations that are not supported.
 */
export function decodeBlacklistRequest(message: GenericCommand): Request | undefined {
  const blacklist = message.blacklistMessage ?? create(BlacklistCommandSchema);
  const { srcCid: conversationId, toPids: members, toCids: conversationIds } = blacklist;
  const isOfConversation = conversationId !== "";
  const signature = toSignature(blacklist);
  const isOfNeither = !isOfConversation && conversationIds.length === 0;
  switch (message.op) {
    case OpType.block:
      if (isOfNeither) return NO_CONVERSATION;
      return isOfConversation
        ? { name: "conversation.block", conversationId, members, signature }
        : { name: "client.refuse", conversationIds, signature };
    case OpType.unblock:
      if (isOfNeither) return NO_CONVERSATION;
      return isOfConversation
        ? { name: "conversation.unblock", conversationId, members, signature }
        : { name: "client.accept", conversationIds, signature };
    case OpType.check_block:
      if (!isOfConversation) return NO_CONVERSATION;
      return { name: "conversation.checkBlocked", conversationId, members };
    case OpType.query: {
      const page = toPage(blacklist);
      if (page === undefined) return malformed("CONVERSATION_API_FAILED", "next: not a number");
      if (!isOfConversation) return { name: "client.refused", ...page };
      return { name: "conversation.blocked", conversationId, ...page };
    }
    default:
      return undefined;
  }
}
