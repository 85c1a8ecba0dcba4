import { type MissedEvent, NOTICES_KEPT } from "../conversation/notices.ts";
import { forEachLimited } from "../limited-calls.ts";
import type { ClientServices } from "./client-ports.ts";
import type { MissedEvents } from "./client-stub.ts";
import type { Inbox } from "./inbox.ts";

const PAGE = 100; // notifications
const AT_ONCE = 20; // conversations asked in parallel
/** Conversations asked for one answer. A device that missed more has to load all of them again (B-08). */
const ASKED_MAX = 500;

/**
 * The events other than messages that a client missed after a time: memberships, attributes, receipts (wire §5.4). The
 * conversations keep them. Only conversations that have news from after that time are asked.
 */
export async function missedEvents(
  clientId: string,
  after: number,
  inbox: Inbox,
  services: ClientServices,
): Promise<MissedEvents> {
  const asked = inbox.noticesAfter(after);
  let complete = after >= services.now() - NOTICES_KEPT && asked.length <= ASKED_MAX;
  const found: MissedEvent[] = [];
  await forEachLimited(asked.slice(0, ASKED_MAX), AT_ONCE, async (conversationId) => {
    const missed = await services.missedNotices(conversationId, clientId, after);
    found.push(...missed.events);
    complete &&= missed.complete;
  });
  found.sort((a, b) => a.at - b.at);
  let end = Math.min(PAGE, found.length);
  // SDKs ask for the next page by the last time of this one: events of the same time must be on one page.
  while (end < found.length && found[end]?.at === found[end - 1]?.at) end += 1;
  return { notifications: found.slice(0, end), more: end < found.length, complete };
}
