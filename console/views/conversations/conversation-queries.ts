import { answer, get, post, put, remove } from "../../api/client.ts";
import { isRecord } from "../../ui/json.ts";
import type { Kind } from "./search.ts";

/** How many are asked for at once. */
export const PAGE = 200;

/** Conversations of a kind, the newest first. */
export async function findConversations(
  kind: Kind,
  where: string | undefined,
  skip: number,
  signal: AbortSignal,
) {
  const options = { params: { query: { where, skip, limit: PAGE, order: "-createdAt" } }, signal };
  switch (kind) {
    case "conversations":
      return (await answer(get("/1.2/rtm/conversations", options))).results;
    case "rooms":
      return (await answer(get("/1.2/rtm/chatrooms", options))).results;
    case "services":
      return (await answer(get("/1.2/rtm/service-conversations", options))).results;
  }
}

export type ConversationRow = Awaited<ReturnType<typeof findConversations>>[number];

/** One conversation of any kind, with all its attributes; null if there is none. */
export async function readConversation(id: string, signal: AbortSignal): Promise<ConversationRow | null> {
  const where = JSON.stringify({ objectId: id });
  const query = { params: { query: { where, limit: 1 } }, signal };
  return (await answer(get("/1.2/rtm/all-conversations", query))).results[0] ?? null;
}

export async function readMembers(id: string, after: string | undefined, signal: AbortSignal) {
  const params = { path: { id }, query: { limit: 200, after } };
  return answer(get("/admin/conversations/{id}/members", { params, signal }));
}

export type MemberRow = Awaited<ReturnType<typeof readMembers>>["results"][number];

/** Where a page of history begins: behind this message. */
export interface HistoryPlace {
  timestamp: number;
  msgid: string;
}

/** How many messages are asked for at once. */
export const MESSAGES = 50;

/** Messages, the newest first. */
export async function readMessages(
  id: string,
  isRoom: boolean,
  before: HistoryPlace | undefined,
  signal: AbortSignal,
) {
  const params = {
    path: { id },
    query: { limit: MESSAGES, timestamp: before?.timestamp, msgid: before?.msgid },
  };
  const path = isRoom ? "/1.2/rtm/chatrooms/{id}/messages" : "/1.2/rtm/conversations/{id}/messages";
  const messages = await answer(get(path, { params, signal }));
  // The history says of no message that it is a room's; changes go by the room's own path.
  return messages.map((message) => Object.assign({}, message, { "is-room": isRoom }));
}

export type Message = Awaited<ReturnType<typeof readMessages>>[number];

export function sendMessage(id: string, isRoom: boolean, from: string, message: string) {
  const path = isRoom ? "/1.2/rtm/chatrooms/{id}/messages" : "/1.2/rtm/conversations/{id}/messages";
  return answer(post(path, { params: { path: { id } }, body: { from_client: from, message } }));
}

const placeOf = (message: Message) => ({ path: { id: message["conv-id"], mid: message["msg-id"] } });
const pathOf = (message: Message) =>
  message["is-room"]
    ? "/1.2/rtm/chatrooms/{id}/messages/{mid}"
    : "/1.2/rtm/conversations/{id}/messages/{mid}";
const senderOf = ({ from, timestamp }: Message) => ({ from_client: from, timestamp });

export const editMessage = (message: Message, data: string) =>
  answer(
    put(pathOf(message), {
      params: placeOf(message),
      body: Object.assign({ message: data }, senderOf(message)),
    }),
  );

export const recallMessage = (message: Message) =>
  answer(
    put(`${pathOf(message)}/recall`, {
      params: placeOf(message),
      body: senderOf(message),
    }),
  );

export const deleteMessage = (message: Message) =>
  answer(
    remove(pathOf(message), {
      params: Object.assign({ query: senderOf(message) }, placeOf(message)),
    }),
  );

/** Saves what differs, by the path that its kind has. */
export async function saveAttributes(row: ConversationRow, edited: Record<string, unknown>): Promise<void> {
  const options = { params: { path: { id: row.objectId } }, body: attributeChanges(editable(row), edited) };
  if (row.sys === true) await answer(put("/1.2/rtm/service-conversations/{id}", options));
  else if (row.tr === true) await answer(put("/1.2/rtm/chatrooms/{id}", options));
  else await answer(put("/1.2/rtm/conversations/{id}", options));
}

/** What the server keeps by itself, or what other requests change. */
const FIXED = new Set(
  "objectId createdAt updatedAt m mu c lm sys tr unique uniqueId conv_type ACL temp".split(" "),
);

/** The fields of a row that can be edited. */
export const editable = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !FIXED.has(name)));

/** Only what differs, so that what others changed meanwhile stays. A field that is gone is taken away. */
export function attributeChanges(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Record<string, unknown> {
  const changed = Object.entries(after).filter(([name, value]) => !isSame(before[name], value));
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  return Object.fromEntries([...changed, ...gone.map((name) => [name, { __op: "Delete" }] as const)]);
}

function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, index) => isSame(each, other[index]));
  if (!isRecord(one) || !isRecord(other)) return Object.is(one, other);
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => isSame(one[name], other[name]));
}
