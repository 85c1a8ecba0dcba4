import { sql } from "drizzle-orm";
import type { MessageRecord } from "../../model/records.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { chunksOf } from "../chunks.ts";
import { conversations } from "../schema/conversations.ts";
import { systemMessages } from "../schema/messages.ts";
import { statement } from "../statement.ts";

/** A row of `_SysMessage` of another service, by its own id. */
export interface ImportedSystemMessage {
  id: string;
  conversationId: string;
  message: Pick<MessageRecord, "id" | "timestamp" | "from" | "content" | "address" | "deliveredAt">;
}

/**
 * Adds rows of `_SysMessage`, as far as their conversations are services here. One that is here stays as it is, but for
 * its id. Fails if D1 fails.
 */
export async function importSystemMessages(
  db: D1Database,
  imported: readonly ImportedSystemMessage[],
): Promise<void> {
  if (imported.length === 0) return;
  const rows = imported.map(({ id, conversationId, message }) => {
    const { content, from, address = null, deliveredAt = null, timestamp } = message;
    const isText = typeof content === "string";
    const data = isText ? content : toBase64(content);
    return [id, conversationId, message.id, from, address, data, isText ? 0 : 1, timestamp, deliveredAt];
  });
  const statements = chunksOf(rows).flatMap((chunk) => [
    sql`INSERT OR IGNORE INTO ${systemMessages} (id, conversation_id, message_id, sender, address, data, binary,
        timestamp, acknowledged_at, created_at, updated_at)
      SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8,
        value->>7, value->>7
      FROM json_each(${chunk}) JOIN ${conversations} ON ${conversations.id} = value->>1
      WHERE ${conversations.kind} = 'system'`,
    sql`UPDATE OR IGNORE ${systemMessages} SET id = value->>0 FROM json_each(${chunk})
      WHERE ${systemMessages.conversationId} = value->>1 AND ${systemMessages.messageId} = value->>2
        AND ${systemMessages.id} <> value->>0`,
  ]);
  await db.batch(statements.map((query) => statement(db, query)));
}
