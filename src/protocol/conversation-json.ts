import type { JsonObject } from "../model/json.ts";
import {
  type ConversationFound,
  type ConversationRecord,
  type MessageRecord,
  timeSent,
} from "../model/records.ts";
import { toBase64 } from "./base64.ts";
import { conversationTypes, toIsoTime } from "./encode.ts";

/** Seconds; the documented default lifetime of a temporary conversation (wire §9.1). */
const TIME_TO_LIVE_DEFAULT = 86_400;

const NOT_SUBSCRIBED: NonNullable<ConversationFound["subscription"]> = { since: undefined, muted: false };

export interface ConversationJsonOptions {
  /** Leave the members out (B-21). */
  compact: boolean;
  /** Attach it (B-22). */
  lastMessage?: MessageRecord;
  /**
   * The client that the view is for: it shows whether that client muted the conversation or subscribed to it; undefined
   * for no client.
   */
  forClient?: string;
  /** That client's subscription to a service (`ConversationFound`). */
  subscription?: { since: number | undefined; muted: boolean };
}

/**
 * A conversation as clients receive it (wire §4.5.3). Always complete, because Swift replaces its own with it. Never
 * with a `null`, because Java and C# cast; the key is left out instead.
 */
export function conversationJson(record: ConversationRecord, options: ConversationJsonOptions): JsonObject {
  const isService = record.kind === "system";
  const json: JsonObject = {
    // First, so that no custom column can replace a known one.
    ...record.columns,
    objectId: record.id,
    attr: record.attributes,
    unique: record.unique,
    conv_type: conversationTypes[record.kind],
    createdAt: toIsoTime(record.createdAt),
    updatedAt: toIsoTime(record.updatedAt),
  };
  // Conversations created by the app's server have no creator.
  if (record.creator !== "") json.c = record.creator;
  if (record.name !== undefined) json.name = record.name;
  // The subscribers of a service conversation are not shown.
  if (!isService) {
    json.mu = record.muted;
    if (!options.compact) json.m = record.members;
  }
  if (options.forClient !== undefined) {
    if (isService) Object.assign(json, subscriptionColumns(options.subscription));
    else json.muted = record.muted.includes(options.forClient);
  }
  if (record.uniqueId !== undefined) json.uniqueId = record.uniqueId;
  Object.assign(json, kindColumns(record));
  if (options.lastMessage !== undefined) Object.assign(json, lastMessageColumns(options.lastMessage));
  // C# reads the keys in order, and takes the message's time for 1970 where `lm` comes before it.
  // A service has none: it would show when others wrote.
  if (record.lastMessageAt !== undefined && !isService)
    json.lm = { __type: "Date", iso: toIsoTime(record.lastMessageAt) };
  return json;
}

/** Swift reads these of a service (wire §4.5.3). */
function subscriptionColumns({ since, muted } = NOT_SUBSCRIBED): JsonObject {
  return { joined: since !== undefined, ...(since !== undefined && { joinedAt: since }), muted };
}

/** Java reads `tr`, `sys` and `temp`; C# knows temporary conversations only by the `tempConv` pair. */
function kindColumns(record: ConversationRecord): JsonObject {
  switch (record.kind) {
    case "normal":
      return {};
    case "room":
      return { tr: true };
    case "system":
      return { sys: true };
    case "temporary": {
      const ttl = record.timeToLive ?? TIME_TO_LIVE_DEFAULT;
      return { temp: true, ttl, tempConv: true, tempConvTTL: ttl };
    }
  }
}

/** `msg` never comes without `bin`: C# reads both (wire §10.1, 28). */
function lastMessageColumns(message: MessageRecord): JsonObject {
  const isText = typeof message.content === "string";
  const columns: JsonObject = {
    msg: typeof message.content === "string" ? message.content : toBase64(message.content),
    bin: !isText,
    msg_mid: message.id,
    msg_from: message.from,
    msg_timestamp: timeSent(message),
    mention_all: message.mentionAll,
    mention_pids: message.mentions,
  };
  if (message.patchedAt !== undefined) columns.patch_timestamp = message.patchedAt;
  return columns;
}
