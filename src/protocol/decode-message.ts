import { Buffer } from "node:buffer";
import type { Priority } from "../model/priority.ts";
import type { Content } from "../model/records.ts";
import type { CommandOf, HistoryPoint, Request } from "./commands.ts";
import { given, malformed, nonEmpty, optionalNumber, toNumber } from "./fields.ts";
import { type GenericCommand, LogsCommand_QueryDirection, type PatchItem } from "./generated/message_pb.js";

// A byte order mark is ordinary text. Bytes that are not text make the decoder throw.
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeMessage(message: GenericCommand): Request {
  const direct = message.directMessage;
  if (direct === undefined || direct.cid === "") {
    return malformed("INVALID_MESSAGING_TARGET", "no conversation id");
  }
  const pushData = nonEmpty(direct.pushData);
  return {
    name: "message.send",
    conversationId: direct.cid,
    ...contentOf(direct.msg, direct.binaryMsg, pushData),
    receipt: direct.r,
    transient: direct.transient,
    will: direct.will,
    dedupeToken: nonEmpty(direct.dt),
    pushData,
    mentionAll: direct.mentionAll,
    mentions: direct.mentionPids,
    priority: priorityOf(given(message, "priority")),
  };
}

/** The content of a message, and its size with the push data. */
export function contentOf(
  text: string,
  binary: Uint8Array | undefined,
  pushData: string | undefined,
): Pick<CommandOf<"message.send">, "content" | "size"> {
  // Java sets both for binary messages (wire §4.6).
  const content = binary !== undefined && binary.length > 0 ? ownBytes(binary) : text;
  const size = Buffer.byteLength(content) + (pushData === undefined ? 0 : Buffer.byteLength(pushData));
  return { content, size };
}

/** Acknowledgements come one by one (`mid`) or as a range; those of the push service (`ids`) are not ours. */
export function decodeAcknowledgement(message: GenericCommand): Request | undefined {
  const ack = message.ackMessage;
  if (ack === undefined || (ack.ids.length > 0 && ack.cid === "")) return undefined;
  return {
    name: "message.acknowledge",
    conversationId: nonEmpty(ack.cid),
    messageId: nonEmpty(ack.mid),
    from: optionalNumber(given(ack, "fromts")),
    to: optionalNumber(given(ack, "tots")),
  };
}

export function decodeHistory(message: GenericCommand): Request {
  const logs = message.logsMessage;
  if (logs === undefined || logs.cid === "") return malformed("CONVERSATION_NOT_FOUND", "no conversation id");
  return {
    name: "message.history",
    conversationId: logs.cid,
    // JavaScript sends `l`, the others `limit`; 0 asks for nothing (wire §4.9).
    limit: given(logs, "l") ?? given(logs, "limit"),
    direction: logs.direction === LogsCommand_QueryDirection.NEW ? "newer" : "older",
    start: historyPoint(logs.t, logs.mid, logs.tIncluded),
    end: historyPoint(logs.tt, logs.tmid, logs.ttIncluded),
    messageType: logs.lctype === 0 ? undefined : logs.lctype,
  };
}

/** No time, or time 0, is no bound. */
function historyPoint(time: bigint, messageId: string, inclusive: boolean): HistoryPoint | undefined {
  if (time <= 0n) return undefined;
  return { timestamp: toNumber(time), messageId: nonEmpty(messageId), inclusive };
}

type Patch = CommandOf<"message.patch">["patches"][number];

export function decodePatches(message: GenericCommand): Request {
  const patches: Patch[] = [];
  for (const item of message.patchMessage?.patches ?? []) {
    if (item.cid === "" || item.mid === "" || item.timestamp <= 0n) {
      return malformed(
        "MESSAGE_NOT_FOUND",
        "a message is named by conversation id, message id and timestamp",
      );
    }
    const content = item.recall ? undefined : patchContent(item);
    patches.push({
      conversationId: item.cid,
      messageId: item.mid,
      timestamp: toNumber(item.timestamp),
      recall: item.recall,
      content,
      mentionAll: item.mentionAll,
      mentions: item.mentionPids,
      size: content === undefined ? 0 : Buffer.byteLength(content),
    });
  }
  if (patches.length === 0) return malformed("MESSAGE_NOT_FOUND", "no message named");
  return { name: "message.patch", patches };
}

/** Java edits binary messages by writing their bytes where text belongs (wire §3). */
function patchContent(item: PatchItem): Content | undefined {
  if (item.binaryMsg.length > 0) return ownBytes(item.binaryMsg);
  const data = given(item, "data");
  if (data === undefined) return undefined;
  try {
    return strictDecoder.decode(data);
  } catch {
    return ownBytes(data);
  }
}

/** A conversation that is named repeatedly counts once: it is read up to the latest of its times. */
export function decodeRead(message: GenericCommand): Request {
  const read = message.readMessage;
  const named = new Map<string, CommandOf<"read">["conversations"][number]>();
  for (const tuple of read?.convs ?? []) {
    if (tuple.cid === "") continue;
    const timestamp = optionalNumber(given(tuple, "timestamp"));
    const before = named.get(tuple.cid);
    if (before !== undefined && !isFurther(timestamp, before.timestamp)) continue;
    named.set(tuple.cid, { conversationId: tuple.cid, timestamp, messageId: nonEmpty(tuple.mid) });
  }
  // The older form in the schema: everything in these conversations.
  for (const conversationId of read ? [read.cid, ...read.cids] : []) {
    if (conversationId === "") continue;
    named.set(conversationId, { conversationId, timestamp: undefined, messageId: undefined });
  }
  return { name: "read", conversations: [...named.values()] };
}

/** Without a time, all of the conversation. */
function isFurther(time: number | undefined, before: number | undefined): boolean {
  return before !== undefined && (time === undefined || time > before);
}

/** A copy: the decoder's bytes are a view of the frame, and storage and RPC would keep all of it. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** 1 is high, 2 normal, 3 low (wire §4.6); anything else is normal. */
export function priorityOf(priority: number | undefined): Priority {
  return priority === 1 ? "high" : priority === 3 ? "low" : "normal";
}
