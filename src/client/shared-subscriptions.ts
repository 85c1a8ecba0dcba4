import type { SessionReport } from "../protocol/link-controls.ts";
import type { Inbox } from "./inbox.ts";
import type { Session } from "./session.ts";

/**
 * Takes down what a gateway says of a session's links, and tells its siblings what it means for theirs: all sessions
 * of a client are to hold the same ones (L3, L4).
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
    return session.tell({ type: "noted", conversationId });
  }
  const { epoch } = report;
  if (report.type === "subscribed") {
    session.hold({ conversationId, epoch, since: report.since });
    inbox.add(conversationId);
    for (const sibling of siblings) {
      if (sibling.subscriptionTo(conversationId)?.epoch === epoch) continue;
      sibling.tell({ type: "link", conversationId, since: report.since });
    }
    return;
  }
  // Also where no link came of it.
  if ((session.subscriptionTo(conversationId)?.epoch ?? epoch) === epoch) session.drop(conversationId);
  // A sibling subscribed anew before this one had let go of the epoch before: it has to follow.
  const renewed = siblings
    .map((sibling) => sibling.subscriptionTo(conversationId))
    .find((link) => link !== undefined && link.epoch !== epoch);
  if (renewed !== undefined && session.subscriptionTo(conversationId) === undefined) {
    session.tell({ type: "link", conversationId, since: renewed.since });
  }
}
