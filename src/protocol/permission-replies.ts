import { reply } from "./encode.ts";
import { CommandType, OpType } from "./generated/message_pb.js";
import { type PartialResult, partialResult } from "./partial-result.ts";
import { conversationReply } from "./replies.ts";

/** Replies to commands about roles, silences and blacklists (wire §4.5, §4.11). */
type Serial = number | undefined;

/** The fields `cid` and `srcCid` are sent back: Java finds the conversation by them. */
interface OfConversation {
  conversationId: string;
}

export function roleGiven(serial: Serial, { conversationId }: OfConversation): Uint8Array {
  return conversationReply(serial, OpType.member_info_updated, { cid: conversationId });
}

export function silencesChanged(
  serial: Serial,
  { conversationId, silences, ...result }: OfConversation & PartialResult & { silences: boolean },
): Uint8Array {
  const op = silences ? OpType.shutup_added : OpType.shutup_removed;
  return conversationReply(serial, op, { cid: conversationId, ...partialResult(result) });
}

/** @param list `next` is where the next page begins; undefined after the last one */
export function silencedClients(
  serial: Serial,
  { conversationId, clientIds, next }: OfConversation & { clientIds: string[]; next: number | undefined },
): Uint8Array {
  const page = { m: clientIds, next: next?.toString() };
  return conversationReply(serial, OpType.shutup_result, { cid: conversationId, ...page });
}

/** Those of the clients asked for that are silenced. */
export function silencedAmong(
  serial: Serial,
  { conversationId, clientIds }: OfConversation & { clientIds: string[] },
): Uint8Array {
  return conversationReply(serial, OpType.check_result, { cid: conversationId, m: clientIds });
}

function blacklistReply(
  serial: Serial,
  op: OpType,
  blacklistMessage: NonNullable<Parameters<typeof reply>[1]["blacklistMessage"]>,
): Uint8Array {
  return reply(serial, { cmd: CommandType.blacklist, op, blacklistMessage });
}

export function blacklistChanged(
  serial: Serial,
  { conversationId, blocks, ...result }: OfConversation & PartialResult & { blocks: boolean },
): Uint8Array {
  const op = blocks ? OpType.blocked : OpType.unblocked;
  return blacklistReply(serial, op, { srcCid: conversationId, ...partialResult(result) });
}

/** @param list as for `silencedClients` */
export function blockedClients(
  serial: Serial,
  { conversationId, clientIds, next }: OfConversation & { clientIds: string[]; next: number | undefined },
): Uint8Array {
  const page = { blockedPids: clientIds, next: next?.toString() };
  return blacklistReply(serial, OpType.query_result, { srcCid: conversationId, ...page });
}

/** Those of the clients asked for that are blocked. */
export function blockedAmong(
  serial: Serial,
  { conversationId, clientIds }: OfConversation & { clientIds: string[] },
): Uint8Array {
  return blacklistReply(serial, OpType.check_result, { srcCid: conversationId, blockedPids: clientIds });
}

/** The conversations that the client refuses from now on, or does not refuse any more. */
export function refusalsChanged(
  serial: Serial,
  { clientId, conversationIds, refuses }: { clientId: string; conversationIds: string[]; refuses: boolean },
): Uint8Array {
  const op = refuses ? OpType.blocked : OpType.unblocked;
  return blacklistReply(serial, op, { srcPid: clientId, blockedCids: conversationIds });
}

/** @param list `next` as for `silencedClients` */
export function refusedConversations(
  serial: Serial,
  list: { clientId: string; conversationIds: string[]; next: number | undefined },
): Uint8Array {
  const { clientId, conversationIds, next } = list;
  const page = { blockedCids: conversationIds, next: next?.toString() };
  return blacklistReply(serial, OpType.query_result, { srcPid: clientId, ...page });
}
