import { yieldToEventLoop } from "../yield-to-event-loop.ts";

/**
 * Asks conversations, so many at once, with a turn for everybody else after each: workerd reads no socket while calls
 * follow on calls. Rejects as soon as one of them does.
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
