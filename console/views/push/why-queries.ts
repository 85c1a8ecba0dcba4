import { answer, get, post } from "../../api/client.ts";

/** Conversations of a client, those with the latest messages first. */
export const conversationsOf = async (member: string, signal: AbortSignal) =>
  (await answer(get("/admin/conversations", { params: { query: { member, limit: 50 } }, signal }))).results;

/** One conversation in short; undefined if no index has it. */
export const conversationNamed = async (id: string, signal: AbortSignal) =>
  (await answer(get("/admin/conversations", { params: { query: { id, limit: 1 } }, signal }))).results.find(
    (each) => each.id === id,
  );

export type ConversationSummary = Awaited<ReturnType<typeof conversationsOf>>[number];

/** The last messages, the newest first. */
export const recentMessages = (id: string, signal: AbortSignal) =>
  answer(
    get("/1.2/rtm/conversations/{id}/messages", { params: { path: { id }, query: { limit: 30 } }, signal }),
  );

export type RecentMessage = Awaited<ReturnType<typeof recentMessages>>[number];

/** Pages of recipients that are read until the client is found. */
const PAGES_MAX = 10;

/** What became of a message, for one of those it was for. */
export async function readLedger(
  place: { conversationId: string; messageId: string; clientId: string; timestamp: number | undefined },
  signal: AbortSignal,
) {
  const { conversationId, messageId, clientId, timestamp } = place;
  const path = { id: conversationId, message: messageId };
  // Recipients come in the order of their ids: a beginning of the id stands shortly before it.
  let after = clientId.slice(0, -1) || undefined;
  for (let page = 1; ; page++) {
    const query = { limit: 100, after, timestamp };
    const { message, log, recipients } = await answer(
      get("/admin/conversations/{id}/messages/{message}", { params: { path, query }, signal }),
    );
    const recipient = recipients.results.find((each) => each.client_id === clientId);
    after = recipients.next;
    if (recipient !== undefined || after === undefined || after > clientId || page === PAGES_MAX)
      return { message, isLogOn: log.on, recipient };
  }
}

export type Ledger = Awaited<ReturnType<typeof readLedger>>;

export interface PreviewAsked {
  client_id: string;
  conv_id: string;
  from_client: string;
  message: string;
  push_data?: Record<string, unknown>;
  ask_hook: boolean;
}

export const previewPush = (body: PreviewAsked, signal: AbortSignal) =>
  answer(post("/admin/push/preview", { body, signal }));

export type Preview = Awaited<ReturnType<typeof previewPush>>;
