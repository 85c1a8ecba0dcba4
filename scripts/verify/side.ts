import type { MessageRow } from "../moving/format.ts";

/** A class of rows that both sides have. */
export const CLASSES = [
  "_User",
  "_Conversation",
  "_ConversationMemberInfo",
  "_SysMessage",
  "_File",
  "_Installation",
] as const;
export type ClassName = (typeof CLASSES)[number];

/** A list of clients that conversations have. */
export const CLIENT_LISTS = ["silences", "blacklists", "subscribers"] as const;
export type ClientListName = (typeof CLIENT_LISTS)[number];

export type ClassRow = Record<string, unknown> & { objectId: string };

/** Messages as they are compared. */
export type Message = MessageRow;

/** What is compared with a server: an export, or another server. */
export interface Side {
  /** The rows of a class; undefined if this side does not have the class. */
  rows(name: ClassName): AsyncIterable<ClassRow> | undefined;
  /** How many messages of a time (ms, both ends included) each conversation has. */
  counts(from: number, until: number): Promise<Map<string, number>>;
  /** A conversation's messages, the newest first: of all orders, every server has this one. */
  messagesOf(conversation: string): AsyncIterable<Message>;
  /** How many messages a member has not read, where it is known. */
  unread(): AsyncIterable<{ conversation: string; client: string; count: number }>;
  /** Broadcasts to everybody, where they are known; `message` is undefined if not all of it was told. */
  broadcasts(): AsyncIterable<{ conversation: string; id: string; message: Message | undefined }>;
  /** Who is on a list of which conversation, conversation by conversation, where it is known. */
  listed(list: ClientListName): AsyncIterable<{ conversation: string; client: string }>;
}
