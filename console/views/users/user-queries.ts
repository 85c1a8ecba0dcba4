import { ApiError } from "../../api/api-error.ts";
import { answer, answerWith, get, post, remove } from "../../api/client.ts";
import type { ConversationKind, Message } from "../../parts/message-queries.ts";

/** Which clients are listed. */
export const selections = ["all", "online", "today"] as const;
export type Selection = (typeof selections)[number];

export function findClients(
  asked: { which: Selection; prefix: string; after: string | undefined },
  signal: AbortSignal,
) {
  const { which, prefix, after } = asked;
  const query = { which, prefix: prefix === "" ? undefined : prefix, after, limit: 200 };
  return answer(get("/admin/clients", { params: { query }, signal }));
}

export type ClientRow = Awaited<ReturnType<typeof findClients>>["results"][number];

/** Everything that is known of a client; null where nothing names it. */
export async function readClient(client: string, signal: AbortSignal) {
  try {
    return await answer(get("/admin/clients/{client}", { params: { path: { client } }, signal }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export type Client = NonNullable<Awaited<ReturnType<typeof readClient>>>;

/** Ends all sessions. Their session tokens and signatures do not count any more. */
export const kick = (client: string, reason: string) =>
  answer(post("/1.2/rtm/clients/{client}/kick", { params: { path: { client } }, body: { reason } }));

export const ban = (client: string, reason: string) =>
  answer(post("/admin/bans", { body: { client_ids: [client], reason } }));

export const unban = (client: string) => answer(remove("/admin/bans", { body: { client_ids: [client] } }));

/** How many messages are asked for at once. */
export const SENT_PAGE = 100;

/** A message somebody sent; undefined as its kind where the conversation is gone. */
export type SentMessage = Omit<Message, "kind"> & {
  kind: ConversationKind | undefined;
  conversationName: string | undefined;
};

/** A page of what a client sent. */
export interface SentPage {
  messages: SentMessage[];
  /** Up to when nothing is missing, in milliseconds: the archive is a moment behind. */
  completeUntil: number;
  /** Since when nothing is missing, in milliseconds; 0 for all. */
  completeSince: number;
}

/** What a client sent, the newest first, with what its conversations are. */
export async function readSent(
  client: string,
  before: { timestamp: number; msgid: string } | undefined,
  signal: AbortSignal,
): Promise<SentPage> {
  const params = {
    path: { client },
    query: { limit: SENT_PAGE, timestamp: before?.timestamp, msgid: before?.msgid },
  };
  const read = get("/1.2/rtm/clients/{client}/messages", { params, signal });
  const { data: found, headers } = await answerWith(read);
  const known = await conversationsOf([...new Set(found.map(({ to }) => to))], signal);
  const messages = found.map((record) => {
    const conversation = known.get(record.to);
    return {
      id: record["msg-id"],
      conversationId: record.to,
      conversationName: conversation?.name,
      kind: record.to.startsWith("_tmp:") ? "temporary" : conversation?.kind,
      from: record.from,
      timestamp: record.timestamp,
      data: record.data,
      isBinary: record.bin,
      changedAt: record["patched-at"],
      toClients: record["to-clients"],
      deliveredAt: record["ack-at"],
    };
  });
  return {
    messages,
    completeUntil: Number(headers.get("X-Parley-Complete-Until")),
    completeSince: Number(headers.get("X-Parley-Complete-Since") ?? 0),
  };
}

interface Known {
  kind: ConversationKind;
  name: string | undefined;
}

async function conversationsOf(ids: string[], signal: AbortSignal): Promise<Map<string, Known>> {
  if (ids.length === 0) return new Map();
  const where = JSON.stringify({ objectId: { $in: ids } });
  const params = { query: { where, limit: ids.length } };
  const { results } = await answer(get("/1.2/rtm/all-conversations", { params, signal }));
  return new Map(
    results.map(({ objectId, sys, tr, name }) => {
      const kind = sys === true ? "system" : tr === true ? "room" : "normal";
      return [objectId, { kind, name: typeof name === "string" && name !== "" ? name : undefined }];
    }),
  );
}
