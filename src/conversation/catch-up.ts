import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import type { SyncMode } from "../protocol/link-controls.ts";
import type { Settings } from "../settings/schema.ts";
import type { Delivery } from "./delivery.ts";
import type { Member } from "./members.ts";
import type { ConversationState } from "./state.ts";
import { historyVisibleFrom } from "./visibility.ts";

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

/** Missed messages sent per conversation at a login (L-09). */
const MISSED_MAX = 20;
/** Edits and recalls of one conversation sent at a login: the newest, since SDKs never ask for older ones again. */
const PATCHES_MAX = 1_000;

/**
 * What a client that logs in is sent about a conversation that its inbox names. From here on, delivery serves it from
 * the end of the catch-up.
 */
export function catchUp(
  clientId: string,
  { mode, asOf, patchesSince, firstPushAt }: CatchUpRequest,
  { state, delivery, settings }: { state: ConversationState; delivery: Delivery; settings: Settings },
): CatchUp {
  const { log, facts, notices } = state;
  const member = state.members.get(clientId);
  const { end: head, lastNotice } = state.endAt(asOf);
  delivery.caughtUp(clientId, head, lastNotice);
  const bySubscriptions = delivery.isServedBySubscriptions(clientId);
  const changed = {
    patchedAt: log.patchedAt,
    readAt: member?.readCursorMovedAt ?? 0,
    noticedAt: notices.last,
  };
  if (member === undefined) return { member: false, changed, head, bySubscriptions };
  const from = historyVisibleFrom(settings, member);
  const unread = log.unread(clientId, member.readCursor, head);
  const missed =
    mode === "push" ? missedMessages(state, member, head, firstPushAt) : { messages: [], more: false };
  const patches = patchesSince === undefined ? [] : log.lastPatchedAfter(clientId, patchesSince, PATCHES_MAX);
  return {
    member: true,
    changed,
    head,
    bySubscriptions,
    kind: facts.kind,
    unread: unread.count,
    mentioned: unread.mentioned,
    lastMessage: unread.count > 0 ? log.lastVisible(head, clientId) : undefined,
    patches: patches.filter(({ patchedAt = 0, timestamp }) => patchedAt <= head && timestamp > from),
    missed: missed.messages,
    more: missed.more,
  };
}

/**
 * Messages that no `.1` device acknowledged since the first of them logged in. At that first login, the unread ones.
 */
function missedMessages(
  state: ConversationState,
  member: Member,
  head: number,
  firstPushAt: number | undefined,
) {
  if (member.pushedAt === undefined) {
    const known = Math.min(member.readCursor, firstPushAt ?? member.readCursor);
    member.pushedAt = Math.max(member.joinedAt, known);
    state.members.saveDelivered(member);
  }
  return state.log.fromOthers.newest(member.clientId, member.pushedAt, head, MISSED_MAX);
}
