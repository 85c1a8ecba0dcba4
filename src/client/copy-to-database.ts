import { withDeadline } from "../deadline.ts";
import { loggableError } from "../loggable-error.ts";
import type { SeenVersion } from "../protocol/seen-version.ts";
import type { ClientServices } from "./client-ports.ts";

/** How long (ms) a list may wait for the state that its client has seen. */
const DEADLINE = 3_000;
const AT_ONCE = 10; // conversations that copy in parallel

/**
 * Has conversations copy the state that a client has seen to D1, before the client's query reads it there. Newer state,
 * and that of other conversations, may appear a moment later. If D1 does not take it, the list is older. Never rejects.
 */
export async function copyToDatabase(services: ClientServices, shown: readonly SeenVersion[]): Promise<void> {
  if (shown.length === 0) return;
  try {
    await withDeadline(copyAll(services, shown), DEADLINE, "copying to the database");
  } catch (error) {
    console.warn("a list may be late:", loggableError(error));
  }
}

async function copyAll(services: ClientServices, shown: readonly SeenVersion[]): Promise<void> {
  const queue = (await services.lagging(shown))[Symbol.iterator]();
  const worker = async () => {
    for (const conversationId of queue) {
      const copied = await services.copyNow(conversationId).catch(() => false);
      if (!copied) console.warn(`a list may be late: ${conversationId} was not copied`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
