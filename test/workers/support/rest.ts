import { http, masterKeys, maybeHibernate } from "./world.ts";

/** The HTTP API as an app's own server calls it: with the master key and JSON. */
export async function rest(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await http(path, {
    method,
    headers: { "content-type": "application/json", ...masterKeys, ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  await maybeHibernate();
  return response;
}

/** What the API answers, which must be that it was done. */
export async function done<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await rest(method, path, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** The status and code of a refusal, such as "404 4303"; the status alone for what was done. */
export async function outcome(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer;
  if (response.ok) return String(response.status);
  const { code, error } = await response.json<{ code: number; error: string }>();
  if (error === "") throw new Error("a refusal without a word");
  return `${response.status} ${code}`;
}

export const CONVERSATIONS = "/1.2/rtm/conversations";

/** A conversation of these members, made by the app's server. */
export async function conversationOf(members: string[], more: object = {}): Promise<string> {
  const { objectId } = await done<{ objectId: string }>("POST", CONVERSATIONS, { m: members, ...more });
  return objectId;
}

/** The path of a conversation's messages. */
export const messagesOf = (conversationId: string) => `${CONVERSATIONS}/${conversationId}/messages`;

/** A message as the API names it. */
export interface Sent {
  "msg-id": string;
  timestamp: number;
}

/** The app's server sends a message in the name of a client. */
export function saidBy(
  from: string,
  conversationId: string,
  message: string,
  more: object = {},
): Promise<Sent> {
  return done("POST", messagesOf(conversationId), { from_client: from, message, ...more });
}

/** The path of a message, to edit, recall or delete it. */
export function pathOf(conversationId: string, message: Sent): string {
  return `${messagesOf(conversationId)}/${encodeURIComponent(message["msg-id"])}`;
}

/** A message in history (http-api §3). */
export interface Logged extends Sent {
  from: string;
  to: string;
  data: string;
}

/** A conversation's history as the app's server reads it, oldest first: texts. */
export async function textsIn(conversationId: string): Promise<string[]> {
  const path = `${messagesOf(conversationId)}?reversed=true&limit=1000`;
  return (await done<Logged[]>("GET", path)).map(({ data }) => data);
}

/** Unread messages of a client, in all conversations or in one (Y-22). */
export async function unreadOf(clientId: string, conversationId?: string): Promise<number> {
  const query = conversationId === undefined ? "" : `?conv_id=${conversationId}`;
  const path = `/1.2/rtm/clients/${encodeURIComponent(clientId)}/unread-count${query}`;
  return (await done<{ count: number }>("GET", path)).count;
}
