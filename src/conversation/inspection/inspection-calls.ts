import type { ConversationRecord, MessageRecord } from "../../model/records.ts";
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

/** Something that is so or not, or that nobody can know. */
export type Fact =
  | {
      known: true;
      is: boolean;
      /** Since when (ms), or by when at the latest; undefined where that is not kept. */
      at: number | undefined;
    }
  | { known: false; why: string };

/** How far a message came to somebody it is for. */
export interface MessageRecipient {
  clientId: string;
  /** A device of theirs acknowledged it, or something after it. */
  delivered: Fact;
  read: Fact;
}

export interface MessageAsked {
  messageId: string;
  /** When it was sent (ms), for an id of another service; an id of ours tells it. */
  timestamp: number | undefined;
  after: string | undefined;
  limit: number;
}

export interface InspectedMessage {
  kind: ConversationRecord["kind"];
  /** Undefined if the log has none of this id: it was deleted, transient or refused, or never was. */
  message: MessageRecord | undefined;
  /** In the order of their ids. None in rooms, and for broadcasts of a service. */
  recipients: MessageRecipient[];
  total: number;
  hasMore: boolean;
}

/** What an owner's tools ask a conversation of any kind: what each asks, and its answer. Nothing is changed by it. */
export interface Inspections {
  marks: { asked: MarksAsked; answer: MarksPage };
  message: { asked: MessageAsked; answer: InspectedMessage };
  /** Whether messages are for a client by its membership or subscription, and whether it wants no pushes of them. */
  recipient: { asked: { clientId: string }; answer: { isMember: boolean; muted: boolean } };
}

export type Inspection = keyof Inspections;
export type Inspected<Name extends Inspection> = Inspections[Name]["answer"] | Refused;
