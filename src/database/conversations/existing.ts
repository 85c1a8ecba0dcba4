import { inArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { conversations } from "../schema.ts";

/** Those of some ids that are conversations in the index. Fails when D1 does. */
export async function existingAmong(db: D1Database, ids: readonly string[]): Promise<string[]> {
  const listed = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const found = await drizzle(db)
    .select({ id: conversations.id })
    .from(conversations)
    .where(inArray(conversations.id, listed));
  return found.map(({ id }) => id);
}
