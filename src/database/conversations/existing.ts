import { desc, eq, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ConversationRecord } from "../../model/records.ts";
import { conversations } from "../schema/conversations.ts";

/** A conversation in D1's index. */
export type IndexedConversation = Pick<ConversationRecord, "id" | "kind">;

/** Those of some ids that are conversations in D1's index. Fails if D1 fails. */
export function existingAmong(db: D1Database, ids: readonly string[]): Promise<IndexedConversation[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  return drizzle(db)
    .select({ id: conversations.id, kind: conversations.kind })
    .from(conversations)
    .where(inArray(conversations.id, listed));
}

/** Service conversations, the newest first. Fails if D1 fails. */
export async function serviceIds(db: D1Database, limit: number): Promise<string[]> {
  const found = await drizzle(db)
    .select({ id: conversations.id })
    .from(conversations)
    .where(eq(conversations.kind, "system"))
    .orderBy(desc(conversations.createdAt))
    .limit(limit);
  return found.map(({ id }) => id);
}
