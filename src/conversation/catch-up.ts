import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import type { SyncMode } from "../protocol/link-controls.ts";

/** What a session that logs in asks for. */
export interface CatchUpRequest {
  mode: SyncMode;
  /** When the session logged in (ms): later entries are not missed, they are delivered like everything new. */
  asOf: number;
  /** Edits and recalls after this time are included; undefined for none (M-19). */
  patchesSince: number | undefined;
  /** When a `.1` device of the client first logged in: no `.1` device misses what came before. */
  firstPushAt: number | undefined;
}

/** When something last changed that the client may have missed while away, delivered or not (ms, 0 for never). */
export interface ChangeTimes {
  patchedAt: number;
  /** When another device of the client moved the read cursor. */
  readAt: number;
  noticedAt: number;
}

/** What a session is sent about a conversation when it logs in (L5); `member: false` if the client is not a member. */
export type CatchUp = {
  changed: ChangeTimes;
  /** Time of the log's newest entry at the login: the catch-up covers everything up to here. */
  head: number;
  /**
   * Whether new messages go to the client through subscriptions, possibly of sessions that are gone. Then its inbox is
   * not notified.
   */
  bySubscriptions: boolean;
} & (
  | { member: false }
  | {
      member: true;
      kind: ConversationRecord["kind"];
      unread: number;
      mentioned: boolean;
      /** Absent if nothing is unread. */
      lastMessage: MessageRecord | undefined;
      patches: MessageRecord[];
      /** Only for `.1` devices: what none of them acknowledged, oldest first (Y-02). */
      missed: MessageRecord[];
      /** Whether older messages were left out of `missed`. */
      more: boolean;
    }
);
