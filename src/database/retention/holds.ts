import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { holds } from "../schema/conversations.ts";

/** The conversations on legal hold; an owner makes each of them by hand. Fails if D1 fails. */
export async function heldConversations(db: D1Database): Promise<string[]> {
  const found = await drizzle(db).select({ id: holds.conversationId }).from(holds);
  return found.map(({ id }) => id);
}

/** Lists a conversation as on hold since a time (ms), or again with another reason. Fails if D1 fails. */
export async function saveHold(
  db: D1Database,
  conversationId: string,
  { since, reason }: { since: number; reason: string },
): Promise<void> {
  await drizzle(db)
    .insert(holds)
    .values({ conversationId, since, reason })
    .onConflictDoUpdate({ target: holds.conversationId, set: { since, reason } });
}

/** Takes a conversation off that list. Fails if D1 fails. */
export async function dropHold(db: D1Database, conversationId: string): Promise<void> {
  await drizzle(db).delete(holds).where(eq(holds.conversationId, conversationId));
}
