import { type ConversationNotice, keeping, notify } from "./client-events.ts";
import { frame } from "./encode.ts";
import { CommandType, OpType } from "./generated/message_pb.js";

/** Events about roles, silences and blacklists (wire §5.1), like those of `client-events.ts`. */

/** What is done to clients by a list, as the clients themselves and as the members are told of it. */
const listEvents = {
  silenced: { self: OpType.shutuped, others: OpType.members_shutuped },
  unsilenced: { self: OpType.unshutuped, others: OpType.members_unshutuped },
  blocked: { self: OpType.blocked, others: OpType.members_blocked },
  unblocked: { self: OpType.unblocked, others: OpType.members_unblocked },
} as const;

export type ListChange = keyof typeof listEvents;

interface ListNotice {
  conversationId: string;
  /** The client that made the change. */
  by: string;
  /** The time that the notice is kept under (ms). */
  at: number;
  change: ListChange;
}

/** For a client that was silenced or blocked, or is not any more. */
export function listed({ conversationId, by, at, change }: ListNotice): Uint8Array {
  const convMessage = { cid: conversationId, initBy: by };
  return frame({ cmd: CommandType.conv, op: listEvents[change].self, ...keeping(at), convMessage });
}

export function membersListed({
  conversationId,
  by,
  at,
  change,
  members,
}: ListNotice & { members: string[] }): Uint8Array {
  const convMessage = { cid: conversationId, m: members, initBy: by };
  return frame({ cmd: CommandType.conv, op: listEvents[change].others, ...keeping(at), convMessage });
}

export function roleChanged(
  notice: ConversationNotice & { member: string; role: string; infoId: string },
): Uint8Array {
  const { member: pid, role, infoId } = notice;
  return notify(OpType.member_info_changed, notice, { info: { pid, role, infoId } });
}
