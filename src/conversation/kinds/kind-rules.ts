import type { ErrorName } from "../../protocol/errors.ts";
import type { ConversationCommandName } from "../commands.ts";

/** Parts of a conversation that clients and the app's server change after its creation. */
export type ChangingPart = "members" | "mutes" | "columns";

/** What differs between the kinds of conversation. The shared parts ask this, and never for the kind itself. */
export interface KindRules {
  /** Commands of clients that this kind does not have, with the error that answers them. */
  readonly refusals: Readonly<Partial<Record<ConversationCommandName, ErrorName>>>;
  /** What nobody may change after the creation, with the error that answers an attempt. */
  readonly fixed: Readonly<Partial<Record<ChangingPart, ErrorName>>>;
  /**
   * Whether it keeps a list of members: they are notified that it exists, woken for what happens in it, and have it in
   * their inboxes, unread counts and pushes.
   */
  readonly hasMembers: boolean;
  /** The clients that may send, edit and recall messages. */
  readonly writers: "members" | "anyone";
  /**
   * Whether each client sees a part of its own: what it writes is for the app's server alone, which names who its
   * messages are for. Then the state has a `service`.
   */
  readonly isService: boolean;
  /** The clients that may read its history. */
  readonly readers: "members" | "anyone";
  /** Whether SDKs acknowledge its messages. */
  readonly isAcknowledged: boolean;
  /** Whether a session is in one of this kind at a time, by being there. */
  readonly isRoom: boolean;
  /** Whether its messages have receipts, while it is small enough. */
  readonly hasReceipts: boolean;
  /** Whether D1 has a copy of it and its messages. */
  readonly isCopied: boolean;
}
