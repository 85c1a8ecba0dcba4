import { SHOWN_LATELY, type Shown } from "../protocol/shown.ts";
import type { Services } from "./services.ts";

/** The same services, and what conversations tell through them that D1 may not have yet: lists must not be older. */
export function whatIsShown(services: Services): { services: Services; shown: Shown[] } {
  const shown: Shown[] = [];
  const describe: Services["describe"] = async (conversationId, viewer, wanted) => {
    const described = await services.describe(conversationId, viewer, wanted);
    if (described === undefined) return undefined;
    const { lastMessageAt = 0, updatedAt: changedAt } = described.conversation;
    const upTo = Math.max(lastMessageAt, described.lastMessage?.patchedAt ?? 0);
    if (Math.max(upTo, changedAt) > services.now() - SHOWN_LATELY) {
      shown.push({ conversationId, upTo, changedAt });
    }
    return described;
  };
  return { services: { ...services, describe }, shown };
}
