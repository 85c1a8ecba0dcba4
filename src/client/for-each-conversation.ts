import { yieldToEventLoop } from "../yield-to-event-loop.ts";

/**
 * Calls a number of conversations, so many in parallel, and yields to the event loop after each: while one call
 * directly follows another, workerd reads no socket. Rejects as soon as one of them does.
 */
export async function forEachConversation(
  ids: readonly string[],
  atOnce: number,
  ask: (conversationId: string) => Promise<void>,
  pause: () => Promise<void> = yieldToEventLoop,
): Promise<void> {
  const queue = ids[Symbol.iterator]();
  const worker = async () => {
    for (const id of queue) {
      await ask(id);
      if (ids.length > atOnce) await pause();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, ids.length) }, worker));
}
