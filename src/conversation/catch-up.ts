import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import type { SyncMode } from "../protocol/link-controls.ts";

/** What a session that logs in wants to know. */
export interface CatchUpRequest {
  mode: SyncMode;
  /** When it logged in (ms): what came later is not missed, and reaches it as everything new does. */
  asOf: number;
  /** Edits and recalls after this time are wanted; undefined when none are (M-19). */
  patchesSince: number | undefined;
  /** When a `.1` device of the client first logged in: what came before was never owed to one. */
  firstPushAt: number | undefined;
}

/** When the client last missed something by being away, whether or not it was told since (ms, 0 for never). */
export interface ChangeTimes {
  patchedAt: number;
  /** Its read cursor moved, by another device of its own. */
  readAt: number;
  noticedAt: number;
}

/** What a session is told about a conversation when it logs in (L5); `member: false` when it is none (any more). */
export type CatchUp = {
  changed: ChangeTimes;
  /** Time of the log's newest entry then: everything up to here is covered. */
  head: number;
  /** What is new here goes over subscriptions, be it those of sessions that are gone: no inbox hears of it. */
  byLinks: boolean;
} & (
  | { member: false }
  | {
      member: true;
      kind: ConversationRecord["kind"];
      unread: number;
      mentioned: boolean;
      /** Absent when nothing is unread. */
      lastMessage: MessageRecord | undefined;
      patches: MessageRecord[];
      /** Only for `.1` devices: what none of them acknowledged, oldest first (Y-02). */
      missed: MessageRecord[];
      /** Whether older ones were left out of `missed`. */
      more: boolean;
    }
);
