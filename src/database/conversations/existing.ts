import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { conversations } from "../schema.ts";

/** The ids among these that are conversations in D1's index. Fails if D1 fails. */
export async function existingAmong(db: D1Database, ids: readonly string[]): Promise<string[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const found = await drizzle(db)
    .select({ id: conversations.id })
    .from(conversations)
    .where(inArray(conversations.id, listed));
  return found.map(({ id }) => id);
}
