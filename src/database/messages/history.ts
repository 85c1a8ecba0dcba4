import { and, asc, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { MessageRecord } from "../../model/records.ts";
import type { HistoryPoint } from "../../protocol/commands.ts";
import { heldConversations } from "../retention/holds.ts";
import { messageIn } from "../rows-to-records.ts";
import { messages } from "../schema/messages.ts";
import { statement } from "../statement.ts";
import type { Archive, Period } from "./archive.ts";
import { firstMerged } from "./merge.ts";

/** A range of the app's history (http-api §3). The end bounds it in the direction of reading. */
export interface ArchiveRequest {
  start: HistoryPoint | undefined;
  end: HistoryPoint | undefined;
  /** Oldest first, starting at the start; otherwise newest first. */
  reversed: boolean;
  /** Messages, 1 to 1,000. */
  limit: number;
  /** Messages are kept from this time (ms), but for conversations on hold; 0 for all. */
  since: number;
}

export interface ArchivedMessage extends MessageRecord {
  conversationId: string;
}

/**
 * The messages of a client in all conversations, in the order of time and message id. Throws if a database fails that
 * may have some of them.
 */
export async function messagesSentBy(
  archive: Archive,
  clientId: string,
  request: ArchiveRequest,
): Promise<ArchivedMessage[]> {
  return queryMessages(archive, request, eq(messages.sender, clientId));
}

/** The messages of everybody in all conversations, as `messagesSentBy`. */
export async function messagesOfApp(archive: Archive, request: ArchiveRequest): Promise<ArchivedMessage[]> {
  return queryMessages(archive, request, undefined);
}

/** What is read: what one client or everybody sent, between two points, from one side. */
interface Range {
  sender: SQL | undefined;
  /** What is kept, where that is no matter of the time alone. */
  kept: SQL | undefined;
  after: HistoryPoint | undefined;
  before: HistoryPoint | undefined;
  reversed: boolean;
}

async function queryMessages(
  archive: Archive,
  { start, end, reversed, limit, since }: ArchiveRequest,
  sender: SQL | undefined,
): Promise<ArchivedMessage[]> {
  const [first, before, held] = await Promise.all([
    placeOf(archive, reversed ? start : end),
    placeOf(archive, reversed ? end : start),
    since === 0 ? [] : heldConversations(archive.index),
  ]);
  const begins = { timestamp: since, messageId: undefined, inclusive: true };
  const isBounded = held.length === 0 && since > (first?.timestamp ?? 0);
  const after = isBounded ? begins : first;
  const kept = held.length === 0 ? undefined : isKept(since, held);
  const range = { sender, kept, after, before, reversed };
  const found: ArchivedMessage[] = [];
  for (const period of reversed ? archive.periods : archive.periods.toReversed()) {
    const isApart =
      (after !== undefined && after.timestamp >= period.until) ||
      (before !== undefined && before.timestamp < period.since);
    if (isApart) continue;
    found.push(...(await readPeriod(period, range, limit - found.length)));
    if (found.length >= limit) break;
  }
  return found;
}

/** The first messages of a range within a period, from all its databases. */
function readPeriod(period: Period, range: Range, limit: number): Promise<ArchivedMessage[]> {
  const within = boundsWithin(period, range);
  const sources = period.databases.map((db) => (last: ArchivedMessage | undefined, most: number) => {
    if (last === undefined) return read(db, range, within, most);
    const beyond = { timestamp: last.timestamp, messageId: last.id, inclusive: false };
    const { lower, upper } = within;
    const rest = range.reversed
      ? { lower: isBeyond(beyond, sql`>`), upper }
      : { lower, upper: isBeyond(beyond, sql`<`) };
    return read(db, range, rest, most);
  });
  return firstMerged(sources, limit, range.reversed ? compare : (one, other) => compare(other, one));
}

interface Bounds {
  lower: SQL | undefined;
  upper: SQL | undefined;
}

/** One bound on each side, the tighter one: with two of them SQLite may begin at the other. */
function boundsWithin({ since, until }: Period, { after, before }: Range): Bounds {
  const begins = since === 0 ? undefined : gte(messages.timestamp, since);
  const ends = until === Number.POSITIVE_INFINITY ? undefined : lt(messages.timestamp, until);
  return {
    lower: after !== undefined && after.timestamp >= since ? isBeyond(after, sql`>`) : begins,
    upper: before !== undefined && before.timestamp < until ? isBeyond(before, sql`<`) : ends,
  };
}

async function read(
  db: D1Database,
  { sender, kept, reversed }: Range,
  { lower, upper }: Bounds,
  limit: number,
): Promise<ArchivedMessage[]> {
  const order = reversed ? asc : desc;
  const rows = await drizzle(db)
    .select()
    .from(messages)
    .where(and(sender, kept, lower, upper))
    // The table or the index returns rows by time; only messages of one millisecond need sorting.
    .orderBy(order(messages.timestamp), order(messages.id))
    .limit(limit);
  return rows.map((row) => ({ ...messageIn(row), conversationId: row.conversationId }));
}

/** Without a hold, nothing is looked at beyond that time. The `+` keeps it from being the bound of the search. */
const isKept = (since: number, held: readonly string[]): SQL =>
  sql`(+${messages.timestamp} >= ${since} OR ${messages.conversationId} IN (SELECT value FROM json_each(${JSON.stringify(held)})))`;

/** The order of the databases: by time, then by the id's bytes. */
function compare(one: ArchivedMessage, other: ArchivedMessage): number {
  return one.timestamp - other.timestamp || compareBytes(one.id, other.id);
}

const utf8 = new TextEncoder();

function compareBytes(one: string, other: string): number {
  const [left, right] = [utf8.encode(one), utf8.encode(other)];
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

/**
 * A point that names a message which an import gave another place than the time at which it was sent begins or ends a
 * page at that place.
 */
async function placeOf(archive: Archive, point: HistoryPoint | undefined): Promise<HistoryPoint | undefined> {
  if (point?.messageId === undefined) return point;
  const { timestamp, messageId } = point;
  // Naming the index' condition, which a bound value alone would not imply.
  const query = sql`SELECT ${messages.timestamp} AS place FROM ${messages} WHERE ${messages.sentAt} = ${timestamp}
    AND ${messages.sentAt} IS NOT NULL AND ${messages.id} = ${messageId} LIMIT 1`;
  // The place may be in another period than the time.
  const asked = archive.databases.map((db) => statement(db, query).first<{ place: number }>());
  const moved = (await Promise.all(asked)).find((each) => each !== null);
  return moved ? { ...point, timestamp: moved.place } : point;
}

/** Messages on one side of a point, or exactly there if the point is inclusive. */
function isBeyond({ timestamp, messageId, inclusive }: HistoryPoint, side: SQL): SQL {
  const comparison = inclusive ? sql`${side}=` : side;
  if (messageId === undefined) return sql`${messages.timestamp} ${comparison} ${timestamp}`;
  return sql`(${messages.timestamp}, ${messages.id}) ${comparison} (${timestamp}, ${messageId})`;
}

/** The conversation of an archived message; undefined if there is none. Fails if a database that may have it fails. */
export async function conversationOfMessage(
  archive: Archive,
  { messageId, timestamp }: { messageId: string; timestamp: number },
): Promise<string | undefined> {
  const asked = archive.periodOf(timestamp).databases.map(async (db) => {
    const [found] = await drizzle(db)
      .select({ id: messages.conversationId })
      .from(messages)
      .where(and(eq(messages.timestamp, timestamp), eq(messages.id, messageId)))
      .limit(1);
    return found?.id;
  });
  return (await Promise.all(asked)).find((id) => id !== undefined);
}
