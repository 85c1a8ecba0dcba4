import type { ConversationRecord } from "../../model/records.ts";
import type { Refused } from "../../protocol/outcome.ts";
import type { Away } from "../membership/members.ts";
import type { Role } from "../permissions/permissions.ts";

/** How far somebody has come in the log. */
export interface Mark {
  /** The newest message up to there; undefined if it is not here any more. */
  message: { id: string; timestamp: number } | undefined;
  /** Everything at or before it (ms). */
  upTo: number;
  /** When it got there (ms), as far as that is kept. */
  at: number | undefined;
}

/** A member, a subscriber or somebody present, as the conversation's own object knows them. */
export interface MemberMarks {
  clientId: string;
  role: Role;
  /** When they joined or subscribed (ms); undefined for somebody present in a room. */
  joinedAt: number | undefined;
  muted: boolean;
  /** For good, until a time (ms), or not. */
  silenced: "always" | number | undefined;
  /** Undefined where none has moved since they joined, or none is kept. */
  delivered: Mark | undefined;
  read: Mark | undefined;
  /** Undefined in rooms, which count none. */
  unread: number | undefined;
  /** Whether they were offline at the last try; undefined where that is not kept. */
  away: Away | undefined;
}

export interface MarksAsked {
  /** The last client of the page before. */
  after: string | undefined;
  limit: number;
}

export interface MarksPage {
  kind: ConversationRecord["kind"];
  /** How many there are together. */
  total: number;
  /** In the order of their ids. Of a room only some are shown. */
  members: MemberMarks[];
  hasMore: boolean;
}

/** What an owner's tools ask a conversation of any kind: what each asks, and its answer. Nothing is changed by it. */
export interface Inspections {
  marks: { asked: MarksAsked; answer: MarksPage };
  /** Whether messages are for a client by its membership or subscription, and whether it wants no pushes of them. */
  recipient: { asked: { clientId: string }; answer: { isMember: boolean; muted: boolean } };
}

export type Inspection = keyof Inspections;
export type Inspected<Name extends Inspection> = Inspections[Name]["answer"] | Refused;
