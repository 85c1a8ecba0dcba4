import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import type { Services } from "./ports.ts";

/** How long a list may wait for what its client was shown (ms). */
const DEADLINE = 3_000;
const AT_ONCE = 10; // conversations that copy in parallel

/**
 * Has D1 catch up with what a client was shown, before it is asked for a list: what is newer than that, or of
 * conversations the client was not shown, may come a moment late. Where D1 does not take it, the list is as D1 has
 * it. Never rejects.
 */
export async function copyToDatabase(services: Services, shown: readonly SeenVersion[]): Promise<void> {
  if (shown.length === 0) return;
  try {
    await withDeadline(copyAll(services, shown), DEADLINE, "copying what was shown");
  } catch (error) {
    console.warn("a list may be late:", loggableError(error));
  }
}

async function copyAll(services: Services, shown: readonly SeenVersion[]): Promise<void> {
  const queue = (await services.lagging(shown))[Symbol.iterator]();
  const worker = async () => {
    for (const conversationId of queue) {
      const copied = await services.copyNow(conversationId).catch(() => false);
      if (!copied) console.warn(`a list may be late: ${conversationId} was not copied`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
