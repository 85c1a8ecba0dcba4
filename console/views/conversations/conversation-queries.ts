import { ApiError } from "../../api/api-error.ts";
import { answer, get, put, remove } from "../../api/client.ts";
import type { ConversationKind } from "../../parts/message-queries.ts";
import { attributeChanges } from "./attribute-changes.ts";
import { isTemporaryId, type Kind, type Sought } from "./search.ts";

/** How many are asked for at once. */
const PAGE = 200;

/** Conversations, the newest activity first. */
export function findConversations(
  kind: Kind,
  sought: Sought,
  cursor: string | undefined,
  signal: AbortSignal,
) {
  const asked = { kind: kind === "all" ? undefined : kind, cursor, limit: PAGE };
  const query = Object.assign(asked, sought);
  return answer(get("/admin/conversations", { params: { query }, signal }));
}

export type Summary = Awaited<ReturnType<typeof findConversations>>["results"][number];

/** One conversation. The row has all its attributes; temporary ones have none. */
export interface Conversation {
  id: string;
  kind: ConversationKind;
  row: ConversationRow | undefined;
}

/** A conversation of any kind; null if there is none. */
export async function readConversation(id: string, signal: AbortSignal): Promise<Conversation | null> {
  if (isTemporaryId(id)) return readTemporary(id, signal);
  const where = JSON.stringify({ objectId: id });
  const query = { params: { query: { where, limit: 1 } }, signal };
  const row = (await answer(get("/1.2/rtm/all-conversations", query))).results[0];
  return row === undefined ? null : { id, kind: kindOf(row), row };
}

async function readTemporary(id: string, signal: AbortSignal): Promise<Conversation | null> {
  const params = { path: { id }, query: { limit: 1 } };
  try {
    const { kind } = await answer(get("/admin/conversations/{id}/members", { params, signal }));
    return { id, kind, row: undefined };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export type ConversationRow = {
  objectId: string;
  createdAt: string;
  updatedAt: string;
  name?: string;
} & Record<string, unknown>;

function kindOf({ sys, tr }: Record<string, unknown>): ConversationKind {
  if (sys === true) return "system";
  return tr === true ? "room" : "normal";
}

const PATHS = {
  normal: "/1.2/rtm/conversations/{id}",
  temporary: "/1.2/rtm/conversations/{id}",
  room: "/1.2/rtm/chatrooms/{id}",
  system: "/1.2/rtm/service-conversations/{id}",
} as const;

/** Saves what differs. */
export async function saveAttributes(
  { id, kind }: Conversation,
  before: Record<string, unknown>,
  edited: Record<string, unknown>,
): Promise<void> {
  const body = attributeChanges(before, edited);
  if (Object.keys(body).length === 0) return;
  await answer(put(PATHS[kind], { params: { path: { id } }, body }));
}

export const deleteConversation = ({ id, kind }: Conversation) =>
  answer(remove(PATHS[kind], { params: { path: { id } } }));
