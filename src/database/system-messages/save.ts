import { type SQL, sql } from "drizzle-orm";
import { type MessageRecord, timeSent } from "../../model/records.ts";
import { toBase64 } from "../../protocol/base64.ts";
import { chunksOf } from "../chunks.ts";
import { conversations } from "../schema/conversations.ts";
import { systemMessages } from "../schema/messages.ts";

/**
 * The statements that keep the class `_SysMessage` (V-05): what clients wrote to a service, which has no recipients. For
 * other conversations there are none, or they change nothing.
 */
export function systemMessageStatements(conversationId: string, records: readonly MessageRecord[]): SQL[] {
  const written = records.filter(({ recipients, deleted }) => !deleted && recipients?.length === 0);
  const gone = records.filter(({ deleted }) => deleted).map(({ id }) => id);
  const insertions = chunksOf(written.map(toRow)).map(
    (
      rows,
    ) => sql`INSERT INTO ${systemMessages} (id, conversation_id, message_id, sender, address, data, binary,
        timestamp, acknowledged_at, created_at, updated_at)
      SELECT value->>0, ${conversations.id}, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5,
        value->>6, value->>5, value->>7
      FROM ${conversations}, json_each(${rows})
      WHERE ${conversations.id} = ${conversationId} AND ${conversations.kind} = 'system'
      ON CONFLICT (conversation_id, message_id) DO UPDATE SET data = excluded.data, binary = excluded.binary,
        updated_at = excluded.updated_at WHERE excluded.updated_at > ${systemMessages.updatedAt}`,
  );
  if (gone.length === 0) return insertions;
  return [
    ...insertions,
    sql`DELETE FROM ${systemMessages} WHERE conversation_id = ${conversationId}
      AND message_id IN (SELECT value FROM json_each(${JSON.stringify(gone)}))`,
  ];
}

/** The statement that removes all of a conversation. */
export const systemMessagesRemoval = (conversationId: string): SQL =>
  sql`DELETE FROM ${systemMessages} WHERE conversation_id = ${conversationId}`;

function toRow(message: MessageRecord) {
  const { id, from, address = null, content, deliveredAt = null, patchedAt } = message;
  const isText = typeof content === "string";
  const data = isText ? content : toBase64(content);
  const sentAt = timeSent(message);
  return [id, from, address, data, !isText, sentAt, deliveredAt, patchedAt ?? sentAt];
}
