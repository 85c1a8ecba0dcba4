import type { SessionReport } from "../protocol/link-controls.ts";
import type { Inbox } from "./inbox.ts";
import type { Session } from "./session.ts";

/**
 * Takes down what a gateway says of a session's links, and tells its siblings what it means for theirs: all sessions
 * of a client are to hold the same ones (L3, L4).
 */
export function shareLinks(
  session: Session,
  report: Exclude<SessionReport, { type: "behind" }>,
  siblings: Session[],
  inbox: Inbox,
): void {
  const { conversationId } = report;
  if (report.type === "linking") {
    session.startLinking(conversationId);
    inbox.add(conversationId);
    return session.tell({ type: "noted", conversationId });
  }
  const { period } = report;
  if (report.type === "linked") {
    session.hold({ conversationId, period, since: report.since });
    inbox.add(conversationId);
    for (const sibling of siblings) {
      if (sibling.linkTo(conversationId)?.period === period) continue;
      sibling.tell({ type: "link", conversationId, since: report.since });
    }
    return;
  }
  // Also where no link came of it.
  if ((session.linkTo(conversationId)?.period ?? period) === period) session.drop(conversationId);
  // A sibling linked anew before this one had let go of the period before: it has to follow.
  const renewed = siblings
    .map((sibling) => sibling.linkTo(conversationId))
    .find((link) => link !== undefined && link.period !== period);
  if (renewed !== undefined && session.linkTo(conversationId) === undefined) {
    session.tell({ type: "link", conversationId, since: renewed.since });
  }
}
