import { eq, inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { conversations, members } from "./schema.ts";

/** Those of some ids that are conversations in the index. Fails when D1 does. */
export async function indexedAmong(db: D1Database, ids: readonly string[]): Promise<string[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const found = await drizzle(db)
    .select({ id: conversations.id })
    .from(conversations)
    .where(inArray(conversations.id, listed));
  return found.map(({ id }) => id);
}

/** Whether a client is a member of any conversation in the index. Fails when D1 does. */
export async function isMemberAnywhere(db: D1Database, clientId: string): Promise<boolean> {
  const found = await drizzle(db)
    .select({ id: members.conversationId })
    .from(members)
    .where(eq(members.clientId, clientId))
    .limit(1);
  return found.length > 0;
}
