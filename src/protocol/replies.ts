import { fromBinary } from "@bufbuild/protobuf";
import type { JsonObject } from "../model/json.ts";
import { type ConversationRecord, type MessageRecord, timeSent } from "../model/records.ts";
import { toBase64 } from "./base64.ts";
import {
  type ConversationFields,
  conversationTypes,
  flag,
  int64,
  jsonField,
  mentionFields,
  optionalInt64,
  reply,
  toIsoTime,
  writtenFrame,
} from "./encode.ts";
import { type ErrorName, errors } from "./errors.ts";
import { AckCommandSchema, CommandType, GenericCommandSchema, OpType } from "./generated/message_pb.js";
import { type PartialResult, partialResult } from "./partial-result.ts";

/** Replies to commands (wire §4), without `peerId`. `serial` is that of the command; `undefined` if it had none. */
type Serial = number | undefined;

/** What a hook of the app adds to a refusal. */
interface AppRefusal {
  appCode?: number;
  appMessage?: string;
}

export function errorReply(
  serial: Serial,
  error: ErrorName,
  options: AppRefusal & { detail?: string } = {},
): Uint8Array {
  return reply(serial, {
    cmd: CommandType.error,
    errorMessage: {
      code: errors[error].code,
      reason: error,
      // JavaScript and C# show no other text to the app.
      detail: options.detail ?? options.appMessage,
      appCode: options.appCode,
      appMsg: options.appMessage,
    },
  });
}

/** Whether a reply was made by `errorReply`: its first field tells. */
export function isErrorReply(payload: Uint8Array): boolean {
  const [tag, command] = payload;
  return tag === FIRST_FIELD_VARINT && command === CommandType.error;
}

/** The number of the error with which a request or a send is refused; undefined for any other reply. */
export function refusalCode(payload: Uint8Array): number | undefined {
  const [tag, command] = payload;
  if (tag !== FIRST_FIELD_VARINT || (command !== CommandType.error && command !== CommandType.ack)) return;
  const { errorMessage, ackMessage } = fromBinary(GenericCommandSchema, payload);
  return errorMessage?.code ?? (ackMessage?.code || undefined);
}

const FIRST_FIELD_VARINT = 0x08;

/** A reply to a `conv` command. */
export function conversationReply(serial: Serial, op: OpType, convMessage: ConversationFields): Uint8Array {
  return reply(serial, { cmd: CommandType.conv, op, convMessage });
}

export function conversationStarted(
  serial: Serial,
  started: {
    conversationId: string;
    createdAt: number;
    uniqueId?: string;
    /** The conversation existed already (B-03). */
    existing: boolean;
    /** Seconds; only for temporary conversations. */
    timeToLive?: number;
  },
): Uint8Array {
  return conversationReply(serial, OpType.started, {
    cid: started.conversationId,
    cdate: toIsoTime(started.createdAt),
    uniqueId: started.uniqueId,
    existing: flag(started.existing),
    tempConvTTL: started.timeToLive,
  });
}

export interface MembersChanged extends PartialResult {
  conversationId: string;
  updatedAt: number;
}

export function membersAdded(serial: Serial, change: MembersChanged): Uint8Array {
  return conversationReply(serial, OpType.added, memberFields(change));
}

export function membersRemoved(serial: Serial, change: MembersChanged): Uint8Array {
  return conversationReply(serial, OpType.removed, memberFields(change));
}

function memberFields(change: MembersChanged): ConversationFields {
  return { cid: change.conversationId, ...partialResult(change), udate: toIsoTime(change.updatedAt) };
}

/** Also the reply to mute and unmute, which change no columns. */
export function conversationUpdated(
  serial: Serial,
  update: {
    conversationId: string;
    updatedAt: number;
    /** New values by the paths in the request. */
    changed?: JsonObject;
    /** New values by whole top-level column, `attr` complete (wire §4.5.4). */
    resulting?: JsonObject;
  },
): Uint8Array {
  return conversationReply(serial, OpType.updated, {
    cid: update.conversationId,
    udate: toIsoTime(update.updatedAt),
    attr: update.changed && jsonField(update.changed),
    attrModified: update.resulting && jsonField(update.resulting),
  });
}

export function memberCount(
  serial: Serial,
  { conversationId, count }: { conversationId: string; count: number },
) {
  return conversationReply(serial, OpType.result, { cid: conversationId, count });
}

/** Some of those who are present in a room. */
export function presentClients(
  serial: Serial,
  { conversationId, clientIds }: { conversationId: string; clientIds: string[] },
) {
  return conversationReply(serial, OpType.members, { cid: conversationId, m: clientIds });
}

export function roomMembers(
  serial: Serial,
  { conversationId, members }: { conversationId: string; members: string[] },
): Uint8Array {
  return conversationReply(serial, OpType.members, { cid: conversationId, m: members });
}

/** Whether the client belongs to each conversation, by conversation id. */
export function membership(serial: Serial, belongs: Record<string, boolean>): Uint8Array {
  return conversationReply(serial, OpType.is_member, { results: jsonField(belongs) });
}

export interface ReadMarks {
  conversationId: string;
  deliveredAt?: number;
  readAt?: number;
  members?: { clientId: string; deliveredAt?: number; readAt?: number }[];
}

export function maxRead(serial: Serial, marks: ReadMarks): Uint8Array {
  return conversationReply(serial, OpType.max_read, {
    cid: marks.conversationId,
    maxAckTimestamp: optionalInt64(marks.deliveredAt),
    maxReadTimestamp: optionalInt64(marks.readAt),
    maxReadTuples: marks.members?.map((member) => ({
      pid: member.clientId,
      maxAckTimestamp: optionalInt64(member.deliveredAt),
      maxReadTimestamp: optionalInt64(member.readAt),
    })),
  });
}

/** Objects made by `conversation-json.ts`. */
export function queryResults(serial: Serial, conversations: JsonObject[]): Uint8Array {
  return conversationReply(serial, OpType.results, { results: jsonField(conversations) });
}

export function messageAccepted(
  serial: Serial,
  accepted: { conversationId: string; messageId: string; timestamp: number },
): Uint8Array {
  return writtenFrame(CommandType.ack, serial, ACK_MESSAGE, (fields) =>
    fields
      .text(ack.cid.number, accepted.conversationId)
      .number(ack.t.number, accepted.timestamp)
      .text(ack.uid.number, accepted.messageId),
  );
}

const ACK_MESSAGE = GenericCommandSchema.field.ackMessage.number;
const ack = AckCommandSchema.field;

/** A refused message still gets its id and time: Swift shows them on the failed message (wire §4.6). */
export function messageRefused(
  serial: Serial,
  refused: AppRefusal & {
    conversationId: string;
    error: ErrorName;
    messageId: string;
    timestamp: number;
    /** Whether the number comes without its name. */
    isPlain?: boolean;
    /** Sent as `appMsg` unless the app has a text of its own: acknowledgements have no separate field. */
    detail?: string;
  },
): Uint8Array {
  return reply(serial, {
    cmd: CommandType.ack,
    ackMessage: {
      code: errors[refused.error].code,
      reason: refused.isPlain === true ? undefined : refused.error,
      uid: refused.messageId,
      t: int64(refused.timestamp),
      cid: refused.conversationId,
      appCode: refused.appCode,
      appMsg: refused.appMessage ?? refused.detail,
    },
  });
}

export type HistoryMessage = MessageRecord & { readAt?: number };

/** Always oldest first, for either direction (wire §10.1, 35). */
export function historyPage(
  serial: Serial,
  page: { conversationId: string; kind: ConversationRecord["kind"]; messages: HistoryMessage[] },
): Uint8Array {
  const convType = conversationTypes[page.kind];
  const ascending = page.messages.toSorted((a, b) => a.timestamp - b.timestamp || (a.id < b.id ? -1 : 1));
  return reply(serial, {
    cmd: CommandType.logs,
    logsMessage: {
      cid: page.conversationId,
      logs: ascending.map((message) => {
        const { content } = message;
        return {
          msgId: message.id,
          timestamp: int64(timeSent(message)),
          from: message.from,
          data: typeof content === "string" ? content : toBase64(content),
          bin: flag(typeof content !== "string"),
          ackAt: optionalInt64(message.deliveredAt),
          readAt: optionalInt64(message.readAt),
          patchTimestamp: optionalInt64(message.patchedAt),
          ...mentionFields(message),
          convType,
        };
      }),
    },
  });
}

export function messagesPatched(serial: Serial, { lastPatchTime }: { lastPatchTime: number }): Uint8Array {
  const patchMessage = { lastPatchTime: int64(lastPatchTime) };
  return reply(serial, { cmd: CommandType.patch, op: OpType.modified, patchMessage });
}

/** C# sends heartbeats without a serial and expects the same in return (wire §10.1, 41). */
export function echo(serial: Serial): Uint8Array {
  return reply(serial, { cmd: CommandType.echo });
}

/** `service` is sent even if it is 0: that is how Java recognises its push login (wire §10.1, 42). */
export function loggedIn(serial: Serial, service: number, installationId: string | undefined): Uint8Array {
  return reply(serial, { cmd: CommandType.loggedin, service, installationId, loggedinMessage: {} });
}

/** To an SDK that ends its live queries; the client on the same socket stays logged in. */
export function loggedOut(serial: Serial, service: number, installationId: string | undefined): Uint8Array {
  return reply(serial, { cmd: CommandType.loggedout, service, installationId });
}

export function reportUploaded(serial: Serial): Uint8Array {
  return reply(serial, { cmd: CommandType.report, op: OpType.uploaded });
}

/** An echoed `read`, for SDKs that send it with a serial; Java ignores its content (wire §4.8). */
export function readConfirmed(serial: Serial): Uint8Array {
  return reply(serial, { cmd: CommandType.read });
}
