import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import { messageIn } from "../rows.ts";
import { messages } from "../schema.ts";

/** What of the app's history is wanted (http-api §3). The end bounds it on the side the answer runs to. */
export interface ArchiveRequest {
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  /** Oldest first, from the start on; else newest first. */
  reversed: boolean;
  /** Messages, 1 to 1,000. */
  limit: number;
}

export interface ArchivedMessage extends MessageRecord {
  conversationId: string;
}

/** What a client said, in all conversations, in the order of time and message id. D1 failing throws. */
export async function messagesSentBy(
  db: D1Database,
  clientId: string,
  request: ArchiveRequest,
): Promise<ArchivedMessage[]> {
  return found(db, request, eq(messages.sender, clientId));
}

/** What anybody said, in all conversations; as `messagesSentBy`. */
export async function messagesOfApp(db: D1Database, request: ArchiveRequest): Promise<ArchivedMessage[]> {
  return found(db, request, undefined);
}

async function found(
  db: D1Database,
  { start, end, reversed, limit }: ArchiveRequest,
  sender: SQL | undefined,
): Promise<ArchivedMessage[]> {
  const after = reversed ? start : end;
  const before = reversed ? end : start;
  const order = reversed ? asc : desc;
  const rows = await drizzle(db)
    .select()
    .from(messages)
    .where(and(sender, after && beyond(after, sql`>`), before && beyond(before, sql`<`)))
    // Rows come by time from the table or the index; only those of one millisecond are left to sort.
    .orderBy(order(messages.timestamp), order(messages.id))
    .limit(limit);
  return rows.map((row) => ({ ...messageIn(row), conversationId: row.conversationId }));
}

/** On one side of a point, or exactly there if that belongs to it. */
function beyond({ timestamp, messageId, inclusive }: HistoryPoint, side: SQL): SQL {
  const comparison = inclusive ? sql`${side}=` : side;
  if (messageId === undefined) return sql`${messages.timestamp} ${comparison} ${timestamp}`;
  return sql`(${messages.timestamp}, ${messages.id}) ${comparison} (${timestamp}, ${messageId})`;
}
