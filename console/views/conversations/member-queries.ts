import { answer, get, post, remove } from "../../api/client.ts";
import type { ConversationKind } from "../../parts/message-queries.ts";
import type { Conversation } from "./conversation-queries.ts";

export async function readMembers(id: string, after: string | undefined, signal: AbortSignal) {
  const params = { path: { id }, query: { limit: 100, after } };
  return answer(get("/admin/conversations/{id}/members", { params, signal }));
}

export type MemberRow = Awaited<ReturnType<typeof readMembers>>["results"][number];

/** How many are in a chat room, and how many messages they were not sent. */
export const readStatistics = (id: string, signal: AbortSignal) =>
  answer(get("/1.2/rtm/chatrooms/{id}/statistics", { params: { path: { id } }, signal }));

/** What the settings allow that concerns members. */
export async function readSwitches(signal: AbortSignal) {
  const { security = {}, events = {} } = await answer(get("/admin/settings", { signal }));
  const { memberRoles = false, blacklists = false } = security;
  return { memberRoles, blacklists, isLogOn: (events.logDays ?? 0) > 0 };
}

const PATHS = {
  normal: "/1.2/rtm/conversations/{id}",
  temporary: "/1.2/rtm/conversations/{id}",
  room: "/1.2/rtm/chatrooms/{id}",
  system: "/1.2/rtm/service-conversations/{id}",
} as const;

/** Where roles are, and silences without an end: services have neither. */
const pathOfRoles = (kind: ConversationKind) => PATHS[kind === "system" ? "normal" : kind];

const path = ({ id }: Conversation) => ({ params: { path: { id } } });
const some = (conversation: Conversation, clientIds: string[]) =>
  Object.assign({ body: { client_ids: clientIds } }, path(conversation));

/** Makes clients members of a conversation, or subscribers of a service. */
export async function addClients(conversation: Conversation, clientIds: string[]): Promise<void> {
  if (conversation.kind !== "system") {
    await answer(post("/1.2/rtm/conversations/{id}/members", some(conversation, clientIds)));
    return;
  }
  for (const clientId of clientIds) {
    const body = { client_id: clientId };
    const request = Object.assign({ body }, path(conversation));
    await answer(post("/1.2/rtm/service-conversations/{id}/subscribers", request));
  }
}

export function removeClient(conversation: Conversation, clientId: string): Promise<unknown> {
  if (conversation.kind !== "system")
    return answer(remove("/1.2/rtm/conversations/{id}/members", some(conversation, [clientId])));
  const params = { path: { id: conversation.id, client: clientId } };
  return answer(remove("/1.2/rtm/service-conversations/{id}/subscribers/{client}", { params }));
}

export function setMuted(conversation: Conversation, clientId: string, muted: boolean): Promise<unknown> {
  const change = muted ? post : remove;
  return answer(change("/1.2/rtm/conversations/{id}/mutes", some(conversation, [clientId])));
}

export function giveRole(conversation: Conversation, clientId: string, role: "Manager" | "Member") {
  const request = Object.assign({ body: { clientId, role } }, path(conversation));
  return answer(post(`${pathOfRoles(conversation.kind)}/member-infos`, request));
}

/** @param seconds how long; undefined is until somebody ends it */
export function silence(conversation: Conversation, clientId: string, seconds?: number): Promise<unknown> {
  if (seconds === undefined)
    return answer(
      post(`${pathOfRoles(conversation.kind)}/permanent-silenceds`, some(conversation, [clientId])),
    );
  const request = Object.assign({ body: { client_id: clientId, ttl: seconds } }, path(conversation));
  return answer(post(`${PATHS[conversation.kind]}/temporary-silenceds`, request));
}

export function endSilence(conversation: Conversation, member: MemberRow): Promise<unknown> {
  const { client_id: clientId, silenced_until: until } = member;
  if (until === undefined)
    return answer(
      remove(`${pathOfRoles(conversation.kind)}/permanent-silenceds`, some(conversation, [clientId])),
    );
  const params = { path: { id: conversation.id }, query: { client_id: clientId } };
  return answer(remove(`${PATHS[conversation.kind]}/temporary-silenceds`, { params }));
}

export function setBlocked(conversation: Conversation, clientId: string, blocked: boolean): Promise<unknown> {
  const change = blocked ? post : remove;
  return answer(change(`${PATHS[conversation.kind]}/blacklists`, some(conversation, [clientId])));
}

/** Those who may not come back, 100 at most. */
export async function readBlocked({ id, kind }: Conversation, signal: AbortSignal): Promise<string[]> {
  const params = { path: { id }, query: { limit: 100 } };
  return (await answer(get(`${PATHS[kind]}/blacklists`, { params, signal }))).client_ids;
}
