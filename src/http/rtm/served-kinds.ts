import type { JsonObject } from "../../model/json.ts";
import type { ConversationRecord } from "../../model/records.ts";
import type { Tag } from "../operation.ts";

/** A kind of conversation that the API serves under a path of its own (http-api §2.1, §2.3, §2.4). */
export interface ServedKind {
  kind: ConversationRecord["kind"];
  path: string;
  tag: Tag;
  /** As ids of operations name one: `createConversation`. */
  noun: string;
  /** As sentences name one, and several. */
  one: string;
  many: string;
  /** How its operations on messages are called: `send` before the noun. */
  messages: { tag: Tag; noun: string };
  /** What a query among them has beside its own conditions. */
  condition: JsonObject;
}

export const normalConversations: ServedKind = {
  kind: "normal",
  path: "/1.2/rtm/conversations",
  tag: "Conversations",
  noun: "Conversation",
  one: "a conversation",
  many: "conversations",
  messages: { tag: "Messages", noun: "Message" },
  condition: { tr: { $ne: true }, sys: { $ne: true } },
};

export const chatRooms: ServedKind = {
  kind: "room",
  path: "/1.2/rtm/chatrooms",
  tag: "Chat rooms",
  noun: "ChatRoom",
  one: "a chat room",
  many: "chat rooms",
  messages: { tag: "Chat rooms", noun: "ChatRoomMessage" },
  condition: { tr: true },
};

export const serviceConversations: ServedKind = {
  kind: "system",
  path: "/1.2/rtm/service-conversations",
  tag: "Service conversations",
  noun: "ServiceConversation",
  one: "a service conversation",
  many: "service conversations",
  messages: { tag: "Service conversations", noun: "ServiceMessage" },
  condition: { sys: true },
};

/** The kind of a row that SDKs of the storage API write, by its flags. */
export function servedKindOf({ tr, sys }: { tr?: unknown; sys?: unknown }): ServedKind {
  if (sys === true) return serviceConversations;
  return tr === true ? chatRooms : normalConversations;
}
