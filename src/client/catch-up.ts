import type { CatchUp } from "../conversation/conversation.ts";
import { unreadRecord } from "../protocol/link-records.ts";
import * as pushes from "../protocol/pushes.ts";
import { reason } from "../reason.ts";
import type { Inbox } from "./inbox.ts";
import type { Services } from "./services.ts";
import type { Session } from "./session.ts";

const AT_ONCE = 20; // conversations asked in parallel
const PAGE = 50; // unread tuples in one push; Swift cannot look up more than 100 conversations at once (wire §5.5)

/**
 * Tells a session what its client missed, by asking the conversations that may hold news (L5). Resolves to whether every one of them answered.
 */
export async function catchUp(
  session: Session,
  asked: string[],
  inbox: Inbox,
  siblings: () => Session[],
  services: Services,
): Promise<boolean> {
  const { clientId } = session.identity;
  const news: { conversationId: string; answer: CatchUp }[] = [];
  let complete = true;
  const ask = async (conversationId: string) => {
    const arrivals = inbox.arrivals(conversationId);
    let answer: CatchUp | undefined;
    try {
      answer = await services.catchUp(conversationId, clientId);
    } catch (error) {
      console.warn(`catch-up of ${conversationId} failed:`, reason(error));
      complete = false;
      return;
    }
    session.tell({ type: "caughtUp", conversationId, head: answer?.head });
    if (answer === undefined) return inbox.remove(conversationId, arrivals);
    // A conversation somebody here is linked to stays: what comes over links leaves no other trace.
    const linked = siblings().find((sibling) => sibling.linkTo(conversationId) !== undefined);
    if (linked !== undefined) session.tell({ type: "link", conversationId, since: answer.head });
    else if (answer.unread === 0 && session.linkTo(conversationId) === undefined) {
      inbox.remove(conversationId, arrivals);
    }
    if (answer.unread > 0) news.push({ conversationId, answer });
  };
  const queue = asked[Symbol.iterator]();
  const worker = async () => {
    for (const conversationId of queue) await ask(conversationId);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, asked.length) }, worker));
  if (session.isOpen) pushUnread(session, news, services.now());
  return complete;
}

function pushUnread(
  session: Session,
  news: { conversationId: string; answer: CatchUp }[],
  now: number,
): void {
  const newestFirst = news.toSorted(
    (a, b) => (b.answer.lastMessage?.timestamp ?? 0) - (a.answer.lastMessage?.timestamp ?? 0),
  );
  for (let at = 0; at < newestFirst.length; at += PAGE) {
    const conversations = newestFirst.slice(at, at + PAGE).map(({ conversationId, answer }) => {
      const { kind, unread, lastMessage, mentioned } = answer;
      return { conversationId, kind, unread, lastMessage, mentioned };
    });
    session.send(unreadRecord(pushes.unread({ conversations, notifiedAt: now })));
  }
}
