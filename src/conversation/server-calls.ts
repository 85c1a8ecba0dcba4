import type { QueryRefusal } from "../database/conversations/record-matches.ts";
import type { JsonObject } from "../model/json.ts";
import type { Priority } from "../model/priority.ts";
import type { ConversationRecord } from "../model/records.ts";
import type { Refused } from "../protocol/outcome.ts";

/** Who a message of a service is for. */
export type ServiceAudience =
  | { name: "clients"; clientIds: string[] }
  | { name: "subscribers" }
  /** @param validTill ms: clients that log in later do not get it */
  | { name: "everybody"; validTill: number };

/** A message of the app's server (http-api §2.2). */
export interface ServerMessage {
  /** Undefined in conversations other than services. */
  to?: ServiceAudience;
  from: string;
  content: string | Uint8Array;
  transient: boolean;
  /** Whether the sender's own devices are left out. */
  noSync: boolean;
  mentionAll: boolean;
  mentions: string[];
  priority: Priority;
  /** JSON of the notification for offline recipients. */
  pushData: string | undefined;
  /** A repeated token of the same sender means the same message (I3). */
  dedupeToken: string | undefined;
}

export interface MessageLocation {
  messageId: string;
  timestamp: number;
  /** The expected sender; undefined for any. */
  from: string | undefined;
}

export type PatchByServer = MessageLocation & {
  silent: boolean;
  /** The recipients of a service's message; undefined if it was broadcast, and in other conversations. */
  toClients?: string[];
} & ({ recall: true } | { recall: false; content: string | Uint8Array });

/** A change of a list of client ids: exactly these, or these added or removed. */
export type ListChange = { to: "set" | "add" | "remove"; clientIds: string[] };

/** A change of a conversation as a row of a class (http-api §4). */
export interface RowChange {
  members: ListChange | undefined;
  muted: ListChange | undefined;
  /** By column path: values or operations. */
  columns: JsonObject;
  /** The change applies only if the row matches this condition. */
  where: JsonObject | undefined;
}

export type RowChanged = { conversation: ConversationRecord } | Refused | QueryRefusal | NotChanged;

/** Nothing was changed: the row does not match the condition, or the muted list names a client that is no member. */
export type NotChanged = { unmet: true } | { notMember: string };
