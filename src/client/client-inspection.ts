import type { CatchUpMode } from "../protocol/link-controls.ts";
import type { BrokenSession } from "./broken-sessions.ts";
import type { ClientParts } from "./client-parts.ts";
import type { Session } from "./session.ts";

/** A session as an owner sees it. */
export interface InspectedSession {
  sessionId: string;
  deviceId: string;
  tag: string | undefined;
  address: string | undefined;
  /** The SDK and its version, as the device named it; undefined if it named none, or that is not known. */
  userAgent: string | undefined;
  /** When it logged in (ms); undefined once its link broke. */
  openedAt: number | undefined;
  mode: CatchUpMode | undefined;
  /** The conversations that it is subscribed to. */
  subscriptions: number;
  /** Its link broke, and it has some seconds to come back. */
  isBroken: boolean;
}

/** What a client's object knows of it. */
export interface InspectedClient {
  isOnline: boolean;
  sessions: InspectedSession[];
  /** When it was last kicked or banned (ms). */
  kickedAt: number | undefined;
  ban: { reason: string; at: number } | undefined;
  /** Conversations that may have something unread, some of them. */
  mayBeUnread: string[];
  /** The service conversations that it is subscribed to, since when (ms), some of them. */
  subscribed: { conversationId: string; since: number }[];
}

const SHOWN = { sessions: 100, conversations: 200, services: 100 };

/** Nothing is changed by it. */
export function inspectClient({
  inbox,
  lifecycle,
  records,
  sessions,
  subscribed,
}: ClientParts): InspectedClient {
  const isOnline = lifecycle.isOnline();
  const open = sessions.open.flatMap(openSessionOf);
  const { kickedAt, ban } = records.accessState;
  return {
    isOnline,
    sessions: [...open, ...lifecycle.broken.map(brokenSessionOf)].slice(0, SHOWN.sessions),
    kickedAt,
    ban,
    mayBeUnread: [...new Set([...subscribed.ids, ...inbox.unread()])].slice(-SHOWN.conversations),
    subscribed: subscribed.page({ direction: "older", after: undefined, limit: SHOWN.services }),
  };
}

function openSessionOf({ identity, state, subscriptions }: Session): InspectedSession[] {
  if (state.phase !== "open") return [];
  const { sessionId, address, mode } = identity;
  const { deviceId, tag, openedAt, userAgent } = state;
  const session = { sessionId, deviceId, tag, address, userAgent, openedAt, mode };
  return [{ ...session, subscriptions: subscriptions.length, isBroken: false }];
}

function brokenSessionOf({ sessionId, deviceId, tag, address }: BrokenSession): InspectedSession {
  const unknown = { userAgent: undefined, openedAt: undefined, mode: undefined, subscriptions: 0 };
  return { sessionId, deviceId, tag, address, ...unknown, isBroken: true };
}
