import { answer, get } from "../../api/client.ts";
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
