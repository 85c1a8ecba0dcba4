import type { ConversationRecord, MessageRecord } from "../model/records.ts";
import type { CatchUpMode, OpenSessions } from "../protocol/link-controls.ts";
import { catchUpModes } from "../protocol/link-controls.ts";
import type { Settings } from "../settings/schema.ts";
import type { Delivery } from "./delivery/delivery.ts";
import { historyVisibleFrom } from "./log/visibility.ts";
import type { Member } from "./membership/members.ts";
import type { ConversationState } from "./state.ts";

/** The part of a conversation that a session needs when it logs in. */
export interface CatchUpRequest {
  conversationId: string;
  mode: CatchUpMode;
  sessionId: string;
  /** The open sessions of the client, with the new one. */
  sessions: OpenSessions;
  /** When the session logged in (ms). Later entries are delivered like all new ones, so they are not missed. */
  asOf: number;
  /** Edits and recalls after this time are included; undefined for none (M-19). */
  patchesSince: number | undefined;
  /** When a `.1` device of the client first logged in (ms). Older messages are not missed by any `.1` device. */
  messagesModeSince: number | undefined;
  /** Broadcasts to everybody after this time (ms) are news to the client; undefined for none. */
  globalsAfter?: number | undefined;
}

/** Times of the last changes that the client may have missed while away, delivered or not (ms, 0 for never). */
export interface ChangeTimes {
  patchedAt: number;
  /** When another device of the client moved the read cursor. */
  readAt: number;
  noticedAt: number;
}

/** A conversation's part of a session's catch-up (L5); `member: false` if the client is not a member. */
export type CatchUp = {
  changed: ChangeTimes;
  /** Time of the log's newest entry at the login: the catch-up covers everything up to here. */
  head: number;
  /** Time of the newest notice at the login. */
  lastNotice: number;
  /** Whether the client has a subscription, even if its session is gone. Its inbox has no trace of what that brings. */
  isSubscribed: boolean;
} & (
  | { member: false }
  | {
      member: true;
      /** Whether the client is subscribed to this service; undefined in all other conversations. */
      isSubscriber?: boolean;
      kind: ConversationRecord["kind"];
      unread: number;
      mentioned: boolean;
      /** Absent if nothing is unread. */
      lastMessage: MessageRecord | undefined;
      patches: MessageRecord[];
      /** Only for `.1` devices: the messages that none of them acknowledged, oldest first (Y-02). */
      missed: MessageRecord[];
      /** Whether older messages were left out of `missed`. */
      more: boolean;
    }
);

/** Missed messages sent per conversation at a login (L-09). */
export const MISSED_MAX = 20;
/** Edits and recalls of one conversation sent at a login: the newest, since SDKs never ask for older ones again. */
export const PATCHES_MAX = 1_000;

/**
 * Catches a client up that logs in and whose inbox names the conversation. From then on, delivery serves the client
 * from the end of the catch-up.
 */
export function catchUp(
  clientId: string,
  { mode, sessionId, sessions, asOf, patchesSince, messagesModeSince }: CatchUpRequest,
  { state, delivery, settings }: { state: ConversationState; delivery: Delivery; settings: Settings },
): CatchUp {
  const { log, facts, notices } = state;
  const member = state.members.get(clientId);
  const { end: head, lastNotice } = state.endAt(asOf);
  delivery.caughtUp(clientId, { sessionId, sessions }, head, lastNotice);
  const isSubscribed = delivery.isSubscribed(clientId);
  const changed = {
    patchedAt: log.patchedAt,
    readAt: member?.readCursorMovedAt ?? 0,
    noticedAt: notices.last,
  };
  if (member === undefined) return { member: false, changed, head, lastNotice, isSubscribed };
  const from = historyVisibleFrom(settings, member);
  const unread = log.unread(clientId, member.readCursor, head);
  const missed =
    mode === catchUpModes.MESSAGES
      ? missedMessages(state, member, head, messagesModeSince)
      : { messages: [], more: false };
  const patches =
    patchesSince === undefined ? [] : log.patched.lastVisibleAfter(clientId, patchesSince, PATCHES_MAX);
  return {
    member: true,
    changed,
    head,
    lastNotice,
    isSubscribed,
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
  messagesModeSince: number | undefined,
) {
  if (member.missedAfter === undefined) {
    const known = Math.min(member.readCursor, messagesModeSince ?? member.readCursor);
    member.missedAfter = Math.max(member.joinedAt, known);
    state.members.saveDelivered(member);
  }
  return state.log.fromOthers.newest(member.clientId, member.missedAfter, head, MISSED_MAX);
}
