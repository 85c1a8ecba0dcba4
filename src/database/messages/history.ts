import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import { messageIn } from "../rows-to-records.ts";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";

/** A range of the app's history (http-api §3). The end bounds it in the direction of reading. */
export interface ArchiveRequest {
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  /** Oldest first, starting at the start; otherwise newest first. */
  reversed: boolean;
  /** Messages, 1 to 1,000. */
  limit: number;
}

export interface ArchivedMessage extends MessageRecord {
  conversationId: string;
}

/** The messages of a client in all conversations, in the order of time and message id. Throws if D1 fails. */
export async function messagesSentBy(
  db: D1Database,
  clientId: string,
  request: ArchiveRequest,
): Promise<ArchivedMessage[]> {
  return queryMessages(db, request, eq(messages.sender, clientId));
}

/** The messages of everybody in all conversations, as `messagesSentBy`. */
export async function messagesOfApp(db: D1Database, request: ArchiveRequest): Promise<ArchivedMessage[]> {
  return queryMessages(db, request, undefined);
}

async function queryMessages(
  db: D1Database,
  { start, end, reversed, limit }: ArchiveRequest,
  sender: SQL | undefined,
): Promise<ArchivedMessage[]> {
  const [after, before] = await Promise.all([
    placeOf(db, reversed ? start : end),
    placeOf(db, reversed ? end : start),
  ]);
  const order = reversed ? asc : desc;
  const rows = await drizzle(db)
    .select()
    .from(messages)
    .where(and(sender, after && isBeyond(after, sql`>`), before && isBeyond(before, sql`<`)))
    // The table or the index returns rows by time; only messages of one millisecond need sorting.
    .orderBy(order(messages.timestamp), order(messages.id))
    .limit(limit);
  return rows.map((row) => ({ ...messageIn(row), conversationId: row.conversationId }));
}

/**
 * A point that names a message which an import gave another place than the time at which it was sent begins or ends a
 * page at that place.
 */
async function placeOf(db: D1Database, point: HistoryPoint | undefined): Promise<HistoryPoint | undefined> {
  if (point?.messageId === undefined) return point;
  const { timestamp, messageId } = point;
  // Naming the index' condition, which a bound value alone would not imply.
  const query = sql`SELECT ${messages.timestamp} AS place FROM ${messages} WHERE ${messages.sentAt} = ${timestamp}
    AND ${messages.sentAt} IS NOT NULL AND ${messages.id} = ${messageId} LIMIT 1`;
  const moved = await statement(db, query).first<{ place: number }>();
  return moved === null ? point : { ...point, timestamp: moved.place };
}

/** Messages on one side of a point, or exactly there if the point is inclusive. */
function isBeyond({ timestamp, messageId, inclusive }: HistoryPoint, side: SQL): SQL {
  const comparison = inclusive ? sql`${side}=` : side;
  if (messageId === undefined) return sql`${messages.timestamp} ${comparison} ${timestamp}`;
  return sql`(${messages.timestamp}, ${messages.id}) ${comparison} (${timestamp}, ${messageId})`;
}

/** The conversation of an archived message; undefined if there is none. Fails if D1 fails. */
export async function conversationOfMessage(
  db: D1Database,
  { messageId, timestamp }: { messageId: string; timestamp: number },
): Promise<string | undefined> {
  const [found] = await drizzle(db)
    .select({ id: messages.conversationId })
    .from(messages)
    .where(and(eq(messages.timestamp, timestamp), eq(messages.id, messageId)))
    .limit(1);
  return found?.id;
}
