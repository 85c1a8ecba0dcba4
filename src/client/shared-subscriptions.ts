import type { SessionReport } from "../protocol/link-controls.ts";
import type { Inbox } from "./inbox.ts";
import type { Session } from "./session.ts";

/**
 * Applies a gateway's report on a subscription of a session, and has its siblings follow: all sessions of a client hold
 * the same subscriptions (L3, L4).
 */
export function shareSubscriptions(
  session: Session,
  report: Exclude<SessionReport, { type: "behind" }>,
  siblings: Session[],
  inbox: Inbox,
): void {
  const { conversationId } = report;
  if (report.type === "subscribing") {
    session.startSubscribing(conversationId);
    inbox.add(conversationId);
    return session.sendControl({ type: "noted", conversationId });
  }
  const { epoch } = report;
  if (report.type === "subscribed") {
    session.hold({ conversationId, epoch, since: report.since });
    inbox.add(conversationId);
    for (const sibling of siblings) {
      if (sibling.subscriptionTo(conversationId)?.epoch === epoch) continue;
      sibling.sendControl({ type: "follow", conversationId, since: report.since });
    }
    return;
  }
  // Also if the subscription never opened.
  if ((session.subscriptionTo(conversationId)?.epoch ?? epoch) === epoch) session.drop(conversationId);
  // A sibling subscribed again before this session had left the epoch before: it has to follow.
  const renewed = siblings
    .map((sibling) => sibling.subscriptionTo(conversationId))
    .find((held) => held !== undefined && held.epoch !== epoch);
  if (renewed !== undefined && session.subscriptionTo(conversationId) === undefined) {
    session.sendControl({ type: "follow", conversationId, since: renewed.since });
  }
}
