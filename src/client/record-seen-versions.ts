import { SEEN_VERSION_LIFETIME, type SeenVersion } from "../protocol/seen-version.ts";
import type { ClientServices } from "./client-ports.ts";

/**
 * Wraps the services so that they record the state of the conversations they describe. D1 may not have that state yet,
 * and later lists must not be older.
 */
export function recordSeenVersions(services: ClientServices): {
  services: ClientServices;
  shown: SeenVersion[];
} {
  const shown: SeenVersion[] = [];
  const describe: ClientServices["describe"] = async (conversationId, viewer, wanted) => {
    const described = await services.describe(conversationId, viewer, wanted);
    if (described === undefined) return undefined;
    const { lastMessageAt = 0, updatedAt: changedAt } = described.conversation;
    const upTo = Math.max(lastMessageAt, described.lastMessage?.patchedAt ?? 0);
    if (Math.max(upTo, changedAt) > services.now() - SEEN_VERSION_LIFETIME) {
      shown.push({ conversationId, upTo, changedAt });
    }
    return described;
  };
  return { services: { ...services, describe }, shown };
}
