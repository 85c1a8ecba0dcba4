import { sql } from "drizzle-orm";
import { holds } from "../schema/conversations.ts";
import { systemMessages } from "../schema/messages.ts";
import { statement } from "../statement.ts";

/** Rows that one statement looks at. No index has their times. */
const SLICE = 2_000;

/**
 * Deletes what clients wrote to services before a time (ms), but for services on hold. Fails if D1 fails.
 *
 * @param isOver asked after each slice; the rest is for the next day
 */
export async function deleteSystemMessagesBefore(
  db: D1Database,
  before: number,
  isOver: () => boolean,
): Promise<void> {
  for (let after = ""; !isOver(); ) {
    const last = await statement(
      db,
      sql`SELECT id FROM ${systemMessages} WHERE id > ${after} ORDER BY id LIMIT 1 OFFSET ${SLICE - 1}`,
    ).first<{ id: string }>();
    const end = last === null ? sql`` : sql`AND id <= ${last.id}`;
    await statement(
      db,
      sql`DELETE FROM ${systemMessages} WHERE id > ${after} ${end} AND timestamp < ${before}
        AND conversation_id NOT IN (SELECT ${holds.conversationId} FROM ${holds})`,
    ).run();
    if (last === null) return;
    after = last.id;
  }
}
