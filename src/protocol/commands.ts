import type { Json, JsonObject } from "../model/json.ts";
import type { Priority } from "../model/priority.ts";
import type { Content } from "../model/records.ts";
import type { ErrorName } from "./errors.ts";
import type { SeenVersion } from "./seen-version.ts";

/**
 * The commands of clients. The codec (`decode.ts`) turns frames into these; wire names (`cid`, `dt`, `r`) are not used
 * outside it. Times are milliseconds since 1970 unless a name says otherwise.
 */
export type Command = Envelope & Request;

export interface Envelope {
  /** Serial of the request. If it is present, a reply is expected; it may be 0 or negative. */
  serial: number | undefined;
  appId: string | undefined;
  /** The client that the frame belongs to; absent if an SDK leaves it out. */
  clientId: string | undefined;
  installationId: string | undefined;
  /** 0 push, 1 live query, 2 messaging; absent for messaging. */
  service: number | undefined;
  /** Set by the gateway: the command needs a policy check, by hooks, filter or signatures (`policy.ts`). */
  needsCheck: boolean;
  /** Set by the gateway: which messages may be pushed to offline members. */
  pushes: PushPolicy;
}

/** Whether messages can be pushed to offline members: those with content for it (P-08), or all of them. */
export type PushPolicy = "never" | "with data" | "always";

/** A signature made by the app's own server. */
export interface Signature {
  signature: string;
  /** The number as it was signed: milliseconds, or seconds from some official samples. */
  timestamp: number;
  nonce: string;
}

/** A place in a conversation's history; the message id breaks ties between imported equal timestamps. */
export interface HistoryPoint {
  timestamp: number;
  messageId: string | undefined;
  /** Whether the message exactly here belongs to the answer. */
  inclusive: boolean;
}

/** Part of a list. */
export interface Page {
  limit: number | undefined;
  /** Entries to pass over: the decimal that came with the page before. */
  offset: number;
}

export type Request =
  | {
      name: "session.open";
      userAgent: string | undefined;
      /** An automatic re-login, which never displaces another device (D-10). */
      reconnect: boolean;
      tag: string | undefined;
      /** `deviceId`, or the device token where an SDK sends only that. */
      deviceId: string | undefined;
      /** The push token of the device, if the SDK sends it. */
      deviceToken: string | undefined;
      token: string | undefined;
      /** `configBitmap`; absent keeps what the device last declared. */
      capabilities: number | undefined;
      lastUnreadTime: number | undefined;
      lastPatchTime: number | undefined;
      signature: Signature | undefined;
    }
  | {
      name: "session.refresh";
      token: string | undefined;
      tag: string | undefined;
      deviceId: string | undefined;
      signature: Signature | undefined;
    }
  | { name: "session.close" }
  | { name: "session.query"; clientIds: string[] }
  | {
      name: "conversation.start";
      members: string[];
      unique: boolean;
      kind: "normal" | "room" | "temporary";
      /** Seconds; only for temporary conversations. */
      timeToLive: number | undefined;
      /** Top-level columns as sent (`name`, `attr`, custom ones), not separated yet. */
      columns: JsonObject;
      signature: Signature | undefined;
    }
  | { name: "conversation.add"; conversationId: string; members: string[]; signature: Signature | undefined }
  | {
      name: "conversation.remove";
      conversationId: string;
      members: string[];
      signature: Signature | undefined;
    }
  /** Keys are column paths: `name`, `attr`, `attr.a.b`; values may be `{"__op": …}`. */
  | { name: "conversation.update"; conversationId: string; changes: JsonObject }
  | { name: "conversation.count"; conversationId: string }
  | { name: "conversation.mute"; conversationId: string }
  | { name: "conversation.unmute"; conversationId: string }
  | { name: "conversation.members"; conversationId: string; limit: number | undefined }
  | { name: "conversation.maxRead"; conversationId: string; allMembers: boolean }
  | { name: "conversation.isMember"; conversationIds: string[] }
  | { name: "conversation.giveRole"; conversationId: string; target: string; role: string }
  | { name: "conversation.silence"; conversationId: string; members: string[] }
  | { name: "conversation.unsilence"; conversationId: string; members: string[] }
  | ({ name: "conversation.silenced"; conversationId: string } & Page)
  /** Which of these are silenced. */
  | { name: "conversation.checkSilenced"; conversationId: string; members: string[] }
  | {
      name: "conversation.block";
      conversationId: string;
      members: string[];
      signature: Signature | undefined;
    }
  | {
      name: "conversation.unblock";
      conversationId: string;
      members: string[];
      signature: Signature | undefined;
    }
  | ({ name: "conversation.blocked"; conversationId: string } & Page)
  /** Which of these are blocked. */
  | { name: "conversation.checkBlocked"; conversationId: string; members: string[] }
  /** The client does not want to be added to these conversations any more. */
  | { name: "client.refuse"; conversationIds: string[]; signature: Signature | undefined }
  /** It does again. */
  | { name: "client.accept"; conversationIds: string[]; signature: Signature | undefined }
  | ({ name: "client.refused" } & Page)
  | {
      name: "conversation.query";
      /** Parsed `where`; `undefined` when none was sent. */
      where: Json | undefined;
      sort: string | undefined;
      limit: number | undefined;
      skip: number | undefined;
      compact: boolean;
      withLastMessage: boolean;
      /** Set by the gateway: the state that the client has seen lately. */
      shown: SeenVersion[];
      /** When set, everything else is ignored. Comma lists are split. */
      temporaryIds: string[];
    }
  | {
      name: "message.send";
      conversationId: string;
      content: Content;
      receipt: boolean;
      transient: boolean;
      will: boolean;
      /** `dt`: the same token from the same sender is the same message. */
      dedupeToken: string | undefined;
      pushData: string | undefined;
      mentionAll: boolean;
      mentions: string[];
      priority: Priority;
      /** Bytes of content and push data together, what the 5 KB limit counts (B-09). */
      size: number;
    }
  | {
      name: "message.acknowledge";
      conversationId: string | undefined;
      messageId: string | undefined;
      from: number | undefined;
      to: number | undefined;
    }
  | {
      name: "message.history";
      conversationId: string;
      limit: number | undefined;
      direction: "older" | "newer";
      start: HistoryPoint | undefined;
      end: HistoryPoint | undefined;
      /** `_lctype` to keep, or all. */
      messageType: number | undefined;
    }
  | {
      name: "message.patch";
      patches: {
        conversationId: string;
        messageId: string;
        timestamp: number;
        recall: boolean;
        content: Content | undefined;
        mentionAll: boolean;
        mentions: string[];
        /** Bytes of content, which the 5 KB limit counts as for a new message. */
        size: number;
      }[];
    }
  | {
      name: "read";
      conversations: {
        conversationId: string;
        timestamp: number | undefined;
        messageId: string | undefined;
      }[];
    }
  | { name: "echo" }
  | { name: "login" }
  | { name: "logout" }
  /** Swift and Objective-C send the push token of the device if it changed since the login (wire §4.3). */
  | { name: "report"; deviceToken: string | undefined }
  /** A command that is not supported, in the schema or not; `error` tells why. */
  | { name: "unsupported"; what: string; error: ErrorName }
  /** A frame of a known command whose content is invalid. */
  | { name: "malformed"; error: ErrorName; detail: string };

export type CommandName = Request["name"];
export type CommandOf<Name extends CommandName> = Envelope & Extract<Request, { name: Name }>;
