import type { JsonObject } from "./json.ts";

/** A conversation as its object owns it and D1 indexes it (B-05). Times are milliseconds. */
export interface ConversationRecord {
  id: string;
  kind: "normal" | "room" | "temporary" | "system";
  name: string | undefined;
  creator: string;
  /** In the order they joined. */
  members: string[];
  /** Members who switched push off (`mu`). */
  muted: string[];
  /** The `attr` object. */
  attributes: JsonObject;
  /** Custom top-level columns beside `attr`. */
  columns: JsonObject;
  unique: boolean;
  /** md5 of the sorted member ids (B-04); only for unique conversations. */
  uniqueId: string | undefined;
  createdAt: number;
  /** Strictly increases with every change of members, mutes, name or attributes. */
  updatedAt: number;
  /** Time of the newest stored message; absent before the first. */
  lastMessageAt: number | undefined;
  /** Seconds; only for temporary conversations. */
  timeToLive: number | undefined;
}

/** A role that a client can be given in a conversation; the Owner is its creator. */
export const memberRoles = ["Manager", "Member"] as const;
export type MemberRole = (typeof memberRoles)[number];

/** The role that a client was given, as a row of the class `_ConversationMemberInfo`. Times are milliseconds. */
export interface StoredRole {
  clientId: string;
  /** The row's `objectId`. */
  infoId: string;
  role: MemberRole;
  createdAt: number;
  updatedAt: number;
}

/** A stored message. */
export interface MessageRecord {
  /** Its place in the log (I2), and the time at which it was sent, unless `sentAt` says otherwise. */
  timestamp: number;
  id: string;
  from: string;
  content: string | Uint8Array;
  mentionAll: boolean;
  mentions: string[];
  /** Receipt asked for (M-37). */
  receipt: boolean;
  /** Time of the last edit or recall; absent when never changed. */
  patchedAt: number | undefined;
  recalled: boolean;
  /** Whom it is for beside its sender, where the app's server narrowed that down; undefined is everybody. */
  recipients: string[] | undefined;
  /** The IP address it was sent from, as far as known. */
  address: string | undefined;
  /** Removed over HTTP: nothing but its place is left, so that every copy can follow. */
  deleted: boolean;
  /** Its sender's own devices are left out; known to the conversation alone. */
  noSync?: boolean;
  /** When it was sent, if another message has that place in the log: an import may bring two of one millisecond. */
  sentAt?: number;
  /** When it was delivered, as an import knows it. */
  deliveredAt?: number;
}

/** When a message was sent: the time that clients know it by, together with its id. */
export const timeSent = (message: MessageRecord): number => message.sentAt ?? message.timestamp;

/** The content of a message: text, or bytes. */
export type Content = string | Uint8Array;

/** A conversation that a query found. */
export interface ConversationFound {
  /** As the querying client may see it. */
  conversation: ConversationRecord;
  /** The members are left out, because the querying client may not see them. */
  withoutMembers?: boolean;
  /** Of a service: since when the querying client is subscribed (ms), if it is, and whether push is off. */
  subscription?: { since: number | undefined; muted: boolean };
  /** Only if requested and archived in D1, and visible to everybody. The conversation's object has the current one. */
  lastMessage: MessageRecord | undefined;
}

/** A message handed over in advance, sent when its author is lost (M-47). */
export type Will = Pick<MessageRecord, "id" | "content" | "mentionAll" | "mentions">;
