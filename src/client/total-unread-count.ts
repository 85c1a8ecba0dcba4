import { forEachLimited } from "../limited-calls.ts";
import { CONVERSATIONS_COUNTED } from "../request-bounds.ts";
import type { ClientServices } from "./client-ports.ts";

const AT_ONCE = 20; // conversations asked in parallel

/**
 * The number of unread messages of a client in these conversations together (Y-22), or in the last 500 of them: then
 * there are at least that many. Rejects if one does not answer.
 *
 * @param globalsAfter broadcasts to everybody after this time (ms) count; by default those after the first that was read
 */
export async function totalUnreadCount(
  clientId: string,
  conversationIds: string[],
  services: Pick<ClientServices, "unread">,
  globalsAfter?: number,
): Promise<number> {
  let count = 0;
  // Ids of newer conversations sort later, so the oldest are left out.
  await forEachLimited(conversationIds.slice(-CONVERSATIONS_COUNTED), AT_ONCE, async (conversationId) => {
    const unread = await services.unread(conversationId, clientId, globalsAfter);
    count += unread;
  });
  return count;
}
