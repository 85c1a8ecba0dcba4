import type { Services } from "./services.ts";

const AT_ONCE = 20; // conversations asked in parallel

/** Messages that a client has not read, in all of these conversations together (Y-22). Rejects if one does not answer. */
export async function unreadCount(
  clientId: string,
  conversationIds: string[],
  services: Pick<Services, "unread">,
): Promise<number> {
  const queue = conversationIds[Symbol.iterator]();
  let count = 0;
  const worker = async () => {
    for (const conversationId of queue) {
      const unread = await services.unread(conversationId, clientId);
      count += unread;
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, conversationIds.length) }, worker));
  return count;
}
