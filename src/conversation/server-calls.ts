import type { QueryRefusal } from "../database/conversations/record-matches.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { Refused } from "../protocol/outcome.ts";

/** A message of the app's server (http-api §2.2). */
export interface ServerMessage {
  from: string;
  content: string | Uint8Array;
  transient: boolean;
  /** Leave out the sender's own devices. */
  noSync: boolean;
  mentionAll: boolean;
  mentions: string[];
  /** JSON, for who is offline. */
  pushData: string | undefined;
  /** The same from the same sender is the same message (I3). */
  dedupeToken: string | undefined;
}

export interface MessageLocation {
  messageId: string;
  timestamp: number;
  /** Who sent it; undefined to take it as it is. */
  from: string | undefined;
}

export type PatchByServer = MessageLocation & { silent: boolean } & (
    | { recall: true }
    | { recall: false; content: string | Uint8Array }
  );

/** What becomes of a list of client ids: exactly these, or these beside or without those that are there. */
export type ListChange = { to: "set" | "add" | "remove"; clientIds: string[] };

/** A change of a conversation as a row of a class (http-api §4). */
export interface RowChange {
  members: ListChange | undefined;
  muted: ListChange | undefined;
  /** By column path: values or operations. */
  columns: JsonObject;
  /** Nothing is changed unless the row fits it. */
  where: JsonObject | undefined;
}

export type RowChanged = { conversation: ConversationRecord } | Refused | QueryRefusal | NotChanged;

/** Nothing was changed: the row does not fit the condition, or the list of who muted it names somebody else. */
export type NotChanged = { unmet: true } | { notMember: string };
