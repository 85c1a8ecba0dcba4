import { CONVERSATIONS_COUNTED } from "../bounds.ts";
import { forEachConversation } from "./for-each-conversation.ts";
import type { Services } from "./ports.ts";

const AT_ONCE = 20; // conversations asked in parallel

/**
 * Messages that a client has not read, in all of these conversations together (Y-22), or in the last 500 of them: then
 * there are at least so many. Rejects if one does not answer.
 */
export async function unreadCount(
  clientId: string,
  conversationIds: string[],
  services: Pick<Services, "unread">,
): Promise<number> {
  let count = 0;
  // The ids of later conversations come later: what is left out is the oldest.
  await forEachConversation(
    conversationIds.slice(-CONVERSATIONS_COUNTED),
    AT_ONCE,
    async (conversationId) => {
      const unread = await services.unread(conversationId, clientId);
      count += unread;
    },
  );
  return count;
}
