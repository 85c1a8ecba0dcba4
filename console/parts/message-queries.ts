import { answer, get, post, put, remove } from "../api/client.ts";

/** How many messages are asked for at once. */
export const MESSAGES = 50;

/** Where a page of history begins: behind this message. */
export interface HistoryPlace {
  timestamp: number;
  msgid: string;
}

/** A message, wherever it was read. */
export interface Message {
  id: string;
  conversationId: string;
  kind: ConversationKind;
  from: string;
  /** When it was sent, in milliseconds. */
  timestamp: number;
  data: string;
  isBinary: boolean;
  /** When it was last edited or recalled, in milliseconds. */
  changedAt: number | undefined;
  /** Whom it is for, where that is not everybody. */
  toClients: string[] | undefined;
  /** When it was first delivered, in milliseconds, where that is kept. */
  deliveredAt: number | undefined;
}

/** Messages of a conversation of any kind, the newest first. */
export async function readMessages(
  conversation: { id: string; kind: ConversationKind },
  before: HistoryPlace | undefined,
  signal: AbortSignal,
): Promise<Message[]> {
  const query = {
    convid: conversation.id,
    limit: MESSAGES,
    timestamp: before?.timestamp,
    msgid: before?.msgid,
  };
  const found = await answer(get("/1.1/rtm/messages/history", { params: { query }, signal }));
  return found.map((record) => ({
    id: record["msg-id"],
    conversationId: conversation.id,
    kind: conversation.kind,
    from: record.from,
    timestamp: record.timestamp,
    data: record.data,
    isBinary: record.bin,
    changedAt: record["patched-at"],
    toClients: record["to-clients"],
    deliveredAt: record["ack-at"],
  }));
}

/** What became of a message. A page of its recipients, after one of them. */
export function readLedger(
  conversationId: string,
  message: string,
  place: { timestamp: number | undefined; after: string | undefined },
  signal: AbortSignal,
) {
  const params = { path: { id: conversationId, message }, query: Object.assign({ limit: 100 }, place) };
  return answer(get("/admin/conversations/{id}/messages/{message}", { params, signal }));
}

export type ConversationKind = Ledger["kind"];
export type Ledger = Awaited<ReturnType<typeof readLedger>>;
export type Recipient = Ledger["recipients"]["results"][number];

/** The message of a ledger, if it is still there. */
export function messageOf(conversationId: string, { kind, message }: Ledger): Message | undefined {
  return (
    message && {
      id: message.message_id,
      conversationId,
      kind,
      from: message.from,
      timestamp: message.timestamp,
      data: message.data,
      isBinary: message.bin,
      changedAt: message.patched_at,
      toClients: message.to_clients,
      deliveredAt: undefined,
    }
  );
}

const PATHS = {
  normal: "/1.2/rtm/conversations/{id}/messages/{mid}",
  temporary: "/1.2/rtm/conversations/{id}/messages/{mid}",
  room: "/1.2/rtm/chatrooms/{id}/messages/{mid}",
  system: "/1.2/rtm/service-conversations/{id}/messages/{mid}",
} as const;

const placeOf = ({ conversationId, id }: Message) => ({ path: { id: conversationId, mid: id } });
const senderOf = ({ from, timestamp, kind, toClients }: Message) => ({
  from_client: from,
  timestamp,
  to_clients: kind === "system" ? toClients : undefined,
});

export const editMessage = (message: Message, data: string) => {
  const body = Object.assign({ message: data }, senderOf(message));
  return answer(put(PATHS[message.kind], { params: placeOf(message), body }));
};

export const recallMessage = (message: Message) => {
  const request = { params: placeOf(message), body: senderOf(message) };
  return answer(put(`${PATHS[message.kind]}/recall`, request));
};

/** What a service broadcast to its subscribers cannot be deleted, only recalled. */
export async function deleteMessage(message: Message): Promise<unknown> {
  const { kind, conversationId, id, from, timestamp, toClients } = message;
  const query = { from_client: from, timestamp };
  if (kind === "room") {
    const params = Object.assign({ query }, placeOf(message));
    return answer(remove("/1.2/rtm/chatrooms/{id}/messages/{mid}", { params }));
  }
  if (kind !== "system") {
    const params = Object.assign({ query }, placeOf(message));
    return answer(remove("/1.2/rtm/conversations/{id}/messages/{mid}", { params }));
  }
  if (toClients === undefined)
    return answer(remove("/1.2/rtm/broadcasts/{mid}", { params: { path: { mid: id } } }));
  for (const client of toClients) {
    const params = { path: { id: conversationId, client, mid: id }, query };
    await answer(
      remove("/1.2/rtm/service-conversations/{id}/subscribers/{client}/messages/{mid}", { params }),
    );
  }
  return undefined;
}

/** Whom a service says something to. */
export type Audience = { to: "subscribers" } | { to: "everybody" } | { to: "clients"; clientIds: string[] };

export interface NewMessage {
  from: string;
  message: string;
  /** For services alone. */
  audience: Audience;
}

export function sendMessage(
  { id, kind }: { id: string; kind: ConversationKind },
  { from, message, audience }: NewMessage,
) {
  const path = { id };
  const body = { from_client: from, message };
  if (kind === "room") return answer(post("/1.2/rtm/chatrooms/{id}/messages", { params: { path }, body }));
  if (kind !== "system")
    return answer(post("/1.2/rtm/conversations/{id}/messages", { params: { path }, body }));
  switch (audience.to) {
    case "subscribers":
      return answer(post("/1.2/rtm/service-conversations/{id}/broadcasts", { params: { path }, body }));
    case "everybody":
      return answer(post("/1.2/rtm/broadcasts", { body: Object.assign({ conv_id: id }, body) }));
    case "clients": {
      const said = Object.assign({ to_clients: audience.clientIds }, body);
      return answer(post("/1.2/rtm/service-conversations/{id}/messages", { params: { path }, body: said }));
    }
  }
}

/** Broadcasts of a service to everybody that are still valid: what ends them, by id. */
export async function readValidBroadcasts(id: string, signal: AbortSignal): Promise<Map<string, number>> {
  const query = { conv_id: id, limit: 100 };
  const found = await answer(get("/1.2/rtm/broadcasts", { params: { query }, signal }));
  return new Map(found.map((record) => [record["msg-id"], record.valid_till]));
}
