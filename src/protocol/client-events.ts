import { clearField, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { JsonObject } from "../model/json.ts";
import { type ConversationRecord, type MessageRecord, timeSent } from "../model/records.ts";
import {
  type ConversationFields,
  contentFields,
  conversationTypes,
  flag,
  frame,
  int64,
  jsonField,
  mentionFields,
  optionalInt64,
  toIsoTime,
  writtenFrame,
} from "./encode.ts";
import { type ErrorName, errors } from "./errors.ts";
import {
  CommandType,
  DirectCommandSchema,
  GenericCommandSchema,
  OpType,
  UnreadCommandSchema,
} from "./generated/message_pb.js";

/**
 * The events that the server sends to clients (wire §5): never with a serial, and without `peerId` (`addressing.ts`).
 */

type Kind = ConversationRecord["kind"];

/**
 * The live copy of a notice that is kept for offline clients says so (wire §5.4). Its time is the one it is kept under:
 * SDKs ask for what came after the last such time they saw.
 */
export function keeping(keptAt: number | undefined) {
  return keptAt === undefined ? {} : { notificationType: PERMANENT, serverTs: int64(keptAt) };
}

const PERMANENT = 1;

export interface ConversationNotice {
  conversationId: string;
  /** The client that made the change. */
  by: string;
  updatedAt: number;
}

/** A notice of a change of the conversation itself. */
export function notify(op: OpType, notice: ConversationNotice, more: ConversationFields): Uint8Array {
  return frame({
    cmd: CommandType.conv,
    op,
    ...keeping(notice.updatedAt),
    convMessage: {
      cid: notice.conversationId,
      initBy: notice.by,
      udate: toIsoTime(notice.updatedAt),
      ...more,
    },
  });
}

/** For a client that was added. */
export function joined(
  notice: ConversationNotice & {
    kind: Kind;
    /** Seconds; only for temporary conversations. */
    timeToLive?: number;
  },
): Uint8Array {
  return notify(OpType.joined, notice, {
    transient: flag(notice.kind === "room"),
    tempConv: flag(notice.kind === "temporary"),
    tempConvTTL: notice.kind === "temporary" ? notice.timeToLive : undefined,
  });
}

export function membersJoined(notice: ConversationNotice & { members: string[] }): Uint8Array {
  return notify(OpType.members_joined, notice, { m: notice.members });
}

/** For a client that was removed. */
export function left(notice: ConversationNotice): Uint8Array {
  return notify(OpType.left, notice, {});
}

export function membersLeft(notice: ConversationNotice & { members: string[] }): Uint8Array {
  return notify(OpType.members_left, notice, { m: notice.members });
}

export function conversationChanged(
  notice: ConversationNotice & {
    /** New values by the paths that were changed, `null` for deleted ones. */
    changed: JsonObject;
    /** New values by whole top-level column, `attr` complete: Java replaces its own with them (wire §4.5.4). */
    resulting: JsonObject;
  },
): Uint8Array {
  return notify(OpType.updated, notice, {
    attr: jsonField(notice.changed),
    attrModified: jsonField(notice.resulting),
  });
}

export function message(delivery: {
  conversationId: string;
  kind: Kind;
  message: MessageRecord;
  transient?: boolean;
  /** Replayed to a client that was offline (`.1`). */
  offline?: boolean;
  /** Older messages were left out of the replay. */
  hasMore?: boolean;
}): Uint8Array {
  const { id, from, content, patchedAt } = delivery.message;
  const { text, binary } = contentFields(content);
  const { mentionAll, mentionPids } = mentionFields(delivery.message);
  return writtenFrame(CommandType.direct, undefined, DIRECT_MESSAGE, (fields) =>
    fields
      .text(direct.msg.number, text)
      .text(direct.fromPeerId.number, from)
      .number(direct.timestamp.number, timeSent(delivery.message))
      .flag(direct.offline.number, flag(delivery.offline))
      .flag(direct.hasMore.number, flag(delivery.hasMore))
      .text(direct.cid.number, delivery.conversationId)
      .text(direct.id.number, id)
      .flag(direct.transient.number, flag(delivery.transient))
      .number(direct.patchTimestamp.number, patchedAt)
      .bytes(direct.binaryMsg.number, binary)
      .texts(direct.mentionPids.number, mentionPids)
      .flag(direct.mentionAll.number, mentionAll)
      .number(direct.convType.number, conversationTypes[delivery.kind]),
  );
}

const DIRECT_MESSAGE = GenericCommandSchema.field.directMessage.number;
const direct = DirectCommandSchema.field;

/** The author and time of the message in a `message` event; undefined for any other event. */
export function readMessage(event: Uint8Array): { from: string; timestamp: number } | undefined {
  const { directMessage } = fromBinary(GenericCommandSchema, event);
  if (directMessage === undefined || directMessage.transient) return undefined;
  return { from: directMessage.fromPeerId, timestamp: Number(directMessage.timestamp) };
}

export interface UnreadSummary {
  conversationId: string;
  kind: Kind;
  unread: number;
  /** The newest message; if it is unknown, none of its fields are sent (wire §10.1, 16). */
  lastMessage?: MessageRecord;
  /** An unread message mentions the receiver (M-09). */
  mentioned: boolean;
}

/**
 * Removes the time from an unread count, which the device would report at its next login as the time up to which it has
 * everything.
 */
export function unreadSoFar(payload: Uint8Array): Uint8Array {
  const message = fromBinary(GenericCommandSchema, payload);
  if (message.unreadMessage !== undefined) {
    clearField(message.unreadMessage, UnreadCommandSchema.field.notifTime);
  }
  return toBinary(GenericCommandSchema, message);
}

/**
 * Only for one conversation or more: C# throws on an event without any, so building one is a bug (wire §10.1, 15). SDKs
 * send `notifiedAt` back at their next login and then receive what changed after it; without it they receive all.
 */
export function unread(report: {
  conversations: UnreadSummary[];
  notifiedAt: number | undefined;
}): Uint8Array {
  if (report.conversations.length === 0) throw new RangeError("an unread event needs a conversation");
  return frame({
    cmd: CommandType.unread,
    unreadMessage: {
      convs: report.conversations.map(unreadTuple),
      notifTime: optionalInt64(report.notifiedAt),
    },
  });
}

function unreadTuple({ conversationId, kind, unread, lastMessage, mentioned }: UnreadSummary) {
  // `mentioned` is sent when false too: JavaScript clears its own flag by it.
  const tuple = { cid: conversationId, unread, mentioned, convType: conversationTypes[kind] };
  if (lastMessage === undefined) return tuple;
  const { text, binary } = contentFields(lastMessage.content);
  return {
    ...tuple,
    mid: lastMessage.id,
    timestamp: int64(timeSent(lastMessage)),
    from: lastMessage.from,
    data: text,
    binaryMsg: binary,
    patchTimestamp: optionalInt64(lastMessage.patchedAt),
  };
}

/** For the sender of a message that asked for receipts (M-37): `from` has received it, or has `read` it. */
export function receipt(notice: {
  messageId: string;
  conversationId: string;
  timestamp: number;
  from: string;
  read: boolean;
  /** When it was stored for a sender that is offline (ms); absent if it was not. */
  keptAt?: number;
}): Uint8Array {
  return frame({
    cmd: CommandType.rcp,
    ...keeping(notice.keptAt),
    rcpMessage: {
      id: notice.messageId,
      cid: notice.conversationId,
      t: int64(notice.timestamp),
      from: notice.from,
      read: flag(notice.read),
    },
  });
}

const encoder = new TextEncoder();

/** An edit or recall. One message per event: Objective-C keeps only the last per conversation (wire §10.1, 38). */
export function patched(change: {
  conversationId: string;
  message: MessageRecord;
  /** Only if the system made the change: positive codes from hooks, negative ones from the server (M-18). */
  reason?: { code: number; detail: string };
}): Uint8Array {
  const { id, from, content, patchedAt, recalled } = change.message;
  const { text, binary } = contentFields(content);
  const reason = change.reason?.code === 0 ? undefined : change.reason;
  return frame({
    cmd: CommandType.patch,
    op: OpType.modify,
    patchMessage: {
      patches: [
        {
          cid: change.conversationId,
          mid: id,
          from,
          timestamp: int64(timeSent(change.message)),
          patchTimestamp: optionalInt64(patchedAt),
          recall: flag(recalled),
          data: text === undefined ? undefined : encoder.encode(text),
          binaryMsg: binary,
          ...mentionFields(change.message),
          patchCode: optionalInt64(reason?.code),
          patchReason: reason?.detail,
        },
      ],
    },
  });
}

/** The server ended the session on this socket. The code is required (wire §5.6). */
export function sessionEnded({ error, detail }: { error: ErrorName; detail?: string }): Uint8Array {
  return frame({
    cmd: CommandType.session,
    op: OpType.closed,
    sessionMessage: { code: errors[error].code, reason: error, detail },
  });
}

/** Asks the client to look up the server again and reconnect (wire §2.5). */
export function goAway(): Uint8Array {
  return frame({ cmd: CommandType.goaway });
}
