import { LONGEST_DELIVERY, SERVICES_PER_SESSION } from "../bounds.ts";
import type { CatchUp } from "../conversation/conversation-catch-up.ts";
import { elapsed } from "../elapsed.ts";
import { forEachLimited } from "../limited-calls.ts";
import { loggableError } from "../loggable-error.ts";
import type { MessageRecord } from "../model/records.ts";
import * as clientEvents from "../protocol/client-events.ts";
import { catchUpModes } from "../protocol/link-controls.ts";
import { eventRecord, missedRecord, unreadRecord, wakeRecord } from "../protocol/link-records.ts";
import { isTemporaryId } from "../protocol/temporary-ids.ts";
import { yieldToEventLoop } from "../yield-to-event-loop.ts";
import type { ClientServices } from "./client-ports.ts";
import type { FirstLogin } from "./first-login.ts";
import type { Inbox } from "./inbox.ts";
import type { Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";
import type { SubscribedServices } from "./subscribed-services.ts";

const AT_ONCE = 20; // conversations asked in parallel
const PROGRESS_INTERVAL = 1_000; // ms: how often the gateway is sent that conversations are still answering
const SETTLED_AT_ONCE = 100; // conversations: each is a control record, and a row if the inbox changes
const PAGE = 50; // unread tuples in one event; Swift cannot look up more than 100 conversations at once (wire §5.5)

/** The position of the counts at a login: no count is newer. */
const ALWAYS = { upTo: Number.MAX_SAFE_INTEGER, changedAt: Number.MAX_SAFE_INTEGER };

/** Whether a session is sent all unread counts, or only those that are new to it by its own report. */
export type CatchUpScope = "news" | "everything";

type Asking = Pick<ClientServices, "now" | "catchUp" | "timer">;

/** The lists of a client that a catch-up reads and brings up to date. */
interface Lists {
  inbox: Inbox;
  sessions: Sessions;
  subscribed: SubscribedServices;
  firstLogin: Pick<FirstLogin, "broadcastsAfter">;
}

interface Answer {
  conversationId: string;
  /** `arrivals` of the inbox before it was asked. */
  arrivals: number;
  news: CatchUp | undefined;
}

/**
 * Catches a session up by asking the conversations that may have news (L5): it receives unread counts or the missed
 * messages (Y-01), then edits and recalls. Records that arrive meanwhile wait at the gateway for `caughtUp`, so that a
 * count never comes after a message that it does not include. Resolves to the conversations that did not answer.
 */
export async function catchUpSession(
  session: Session,
  { asked, scope }: { asked: string[]; scope: CatchUpScope },
  lists: Lists,
  services: Asking,
): Promise<string[]> {
  const startedAt = services.now();
  const answers = await ask(session, asked, startedAt, lists, services);
  if (!session.isOpen) return [];
  const answered = new Set(answers.map(({ conversationId }) => conversationId));
  const silent = asked.filter((conversationId) => !answered.has(conversationId));
  // A device that was not sent everything must not report at its next login that it was.
  sendUnread(session, answers, scope, silent.length === 0 ? startedAt : undefined);
  for (const { conversationId, news } of answers) {
    if (news?.member !== true) continue;
    for (const [at, message] of news.missed.entries()) {
      const hasMore = at === 0 && news.more; // Java marks its cache as broken before it
      const { kind } = news;
      const event = clientEvents.message({ conversationId, kind, message, offline: true, hasMore });
      session.send(missedRecord(conversationId, event));
    }
    for (const message of news.patches)
      session.send(eventRecord(clientEvents.patched({ conversationId, message })));
  }
  for (const [at, answer] of answers.entries()) {
    // With very many conversations, the rest waits a little longer, so that others are served in between.
    if (at > 0 && at % SETTLED_AT_ONCE === 0) await yieldToEventLoop(services);
    if (!session.isOpen) break;
    settle(session, answer, lists, services.now());
  }
  subscribeToServices(session, answers);
  return silent;
}

async function ask(
  session: Session,
  asked: string[],
  asOf: number,
  { inbox, sessions, firstLogin }: Lists,
  services: Asking,
): Promise<Answer[]> {
  const { clientId, sessionId, mode } = session.identity;
  const request = {
    mode,
    sessionId,
    asOf,
    patchesSince: session.known.patches,
    messagesModeSince: inbox.messagesModeSince,
    globalsAfter: firstLogin.broadcastsAfter,
  };
  const answers: Answer[] = [];
  let reportedAt = asOf;
  const askOne = async (conversationId: string) => {
    const arrivals = inbox.arrivals(conversationId);
    try {
      const news = await services.catchUp(conversationId, clientId, {
        ...request,
        conversationId,
        sessions: sessions.report(),
      });
      answers.push({ conversationId, arrivals, news });
      const now = services.now();
      if (elapsed(reportedAt, now) < PROGRESS_INTERVAL) return;
      reportedAt = now;
      session.sendControl({ type: "catchingUp" });
    } catch (error) {
      console.warn(`catch-up of ${conversationId} failed:`, loggableError(error));
    }
  };
  await forEachLimited(asked, AT_ONCE, askOne, () => yieldToEventLoop(services));
  return answers;
}

/** Sends the session its new position, and updates the inbox. */
function settle(session: Session, answer: Answer, { inbox, sessions, subscribed }: Lists, now: number): void {
  const { conversationId, arrivals, news } = answer;
  const { mode } = session.identity;
  const { head, lastNotice } = news ?? {};
  session.sendControl({ type: "caughtUp", conversationId, head, lastNotice });
  // A subscription of the last moments may be on its way to the service.
  const ended = { conversationId, since: now - LONGEST_DELIVERY };
  // It was asked for the subscription alone. What the service told the client alone may still be unread.
  if (!isSubscriber(news) && subscribed.remove(ended)) inbox.add(conversationId);
  if (news === undefined) return inbox.forget(conversationId);
  const unseen = news.member && (mode === catchUpModes.COUNTS ? news.unread : news.missed.length) > 0;
  // A conversation that a session is subscribed to stays in the inbox: what a subscription brings leaves no other trace
  // here, and a closed session may still be subscribed there.
  const isSubscribed = sessions.open.some(({ subscriptions }) => subscriptions.includes(conversationId));
  // The subscription of a sibling was on its way. The conversation may not remember this session when it arrives.
  if (isSubscribed && !news.isSubscribed) session.send(wakeRecord(conversationId, {}, new Uint8Array()));
  const pending = unseen || isSubscribed || news.isSubscribed;
  inbox.settle(conversationId, arrivals, mode, { pending, changed: news.changed }, now);
}

const isSubscriber = (news: CatchUp | undefined): boolean =>
  news?.member === true && news.isSubscriber === true;

/** Wakes the session for the services that the client is subscribed to: it subscribes, and hears their broadcasts. */
function subscribeToServices(session: Session, answers: readonly Answer[]): void {
  const services = answers.filter(({ news }) => isSubscriber(news)).slice(0, SERVICES_PER_SESSION);
  for (const { conversationId } of services) session.send(wakeRecord(conversationId, {}, new Uint8Array()));
}

function sendUnread(
  session: Session,
  answers: Answer[],
  scope: CatchUpScope,
  notifiedAt: number | undefined,
): void {
  const summaries: (clientEvents.UnreadSummary & { at: number })[] = [];
  for (const { conversationId, news } of answers) {
    // A subscription brought what happened since, and a newer count.
    if (session.subscriptions.includes(conversationId)) continue;
    if (news?.member !== true && session.known.unread !== undefined) {
      // The conversation was deleted, or the client was removed, while the device may still count unread messages of
      // it.
      const kind = isTemporaryId(conversationId) ? ("temporary" as const) : ("normal" as const);
      const gone = { kind, unread: 0, mentioned: false, lastMessage: undefined };
      summaries.push({ conversationId, ...gone, at: 0 });
    }
    if (news?.member !== true || (scope === "news" && !isNewCount(session, news))) continue;
    const { kind, unread, lastMessage, mentioned } = news;
    summaries.push({ conversationId, kind, unread, lastMessage, mentioned, at: lastMessage?.timestamp ?? 0 });
  }
  summaries.sort((a, b) => b.at - a.at);
  // C# discards a whole event if one of its last messages is plain text.
  const plain = summaries.filter(({ lastMessage }) => isPlain(lastMessage));
  const typed = summaries.filter((summary) => !plain.includes(summary));
  for (const group of [typed, plain]) {
    for (let at = 0; at < group.length; at += PAGE) {
      const conversations = group.slice(at, at + PAGE);
      session.send(unreadRecord(ALWAYS, clientEvents.unread({ conversations, notifiedAt })));
    }
  }
}

function isPlain(message: MessageRecord | undefined): boolean {
  if (message === undefined || typeof message.content !== "string") return false;
  try {
    const parsed: unknown = JSON.parse(message.content);
    return typeof parsed !== "object" || parsed === null;
  } catch {
    return true;
  }
}

/** Whether a count is new to a device, by its own report (Y-19). Counts that fell to 0 are included. */
function isNewCount(session: Session, news: CatchUp & { member: true }): boolean {
  const { unread, reads } = session.known;
  const { readAt, patchedAt } = news.changed;
  if (news.unread === 0) {
    // The messages that the device counts may have been read elsewhere, or deleted.
    const wasDeleted = unread !== undefined && patchedAt > unread;
    return wasDeleted || (reads !== undefined && readAt > reads);
  }
  if (unread === undefined) return true;
  return Math.max(news.lastMessage?.timestamp ?? 0, readAt, patchedAt) > unread;
}
